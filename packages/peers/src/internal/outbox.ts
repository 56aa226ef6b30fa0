import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Fifo } from "./fifo.js"

/** Packets that a slow peer has not taken: bounded in number and bytes. It exists only while there are some. */
export class Outbox {
  private readonly packets = new Fifo<Uint8Array>()
  private bytes = 0
  private isClosed = false
  private waiting: Array<() => void> = []

  constructor(
    private readonly maxPackets: number,
    private readonly maxBytes: number
  ) {}

  /** The limit that keeps the packet out, if one does; a packet alone always has room. */
  refusal(packet: Uint8Array): "sendQueue" | "sendQueueBytes" | undefined {
    if (this.packets.size >= this.maxPackets) return "sendQueue"
    return this.packets.size > 0 && this.bytes + packet.length > this.maxBytes ? "sendQueueBytes" : undefined
  }

  push(packet: Uint8Array): void {
    if (this.isClosed) return
    this.packets.push(packet)
    this.bytes += packet.length
  }

  shift(): Uint8Array | undefined {
    const packet = this.packets.shift()
    if (packet !== undefined) this.bytes -= packet.length
    return packet
  }

  /** Drops what is there; nothing is taken any more. */
  close(): void {
    this.packets.clear()
    this.bytes = 0
    this.settle()
  }

  /** Tells who waits, and who is about to, that nothing is left here. It is not used any more. */
  settle(): void {
    this.isClosed = true
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }

  /** Completes when nothing is left, whether it was sent or dropped. */
  readonly settled: Effect.Effect<void> = Effect.async((resume) => {
    if (this.isClosed) return resume(Exit.void)
    this.waiting.push(() => resume(Exit.void))
  })
}

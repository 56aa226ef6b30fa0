import type { TransportEvent } from "../PeerTransport.js"
import { Fifo } from "./fifo.js"

/** What waits of one peer. Those that have something to give and are not paused stand in the ring. */
export class Place extends Fifo<TransportEvent> {
  bytes = 0
  isPaused = false
  /** Its `Left` is here, or was given. */
  hasLeft = false
  isInRing = false
  private waiting: Array<() => void> | undefined = undefined

  /** Whether a new one would do as well. */
  get isUnused(): boolean {
    return this.size === 0 && !this.isPaused && !this.hasLeft && this.waiting === undefined
  }

  override shift(): TransportEvent | undefined {
    const event = super.shift()
    if (event?._tag === "Packet") this.bytes -= event.packet.length
    return event
  }

  /** Drops what is there; whether it began with the peer's joining. */
  drop(): boolean {
    const isNew = this.peek()?._tag === "Joined"
    this.clear()
    this.bytes = 0
    return isNew
  }

  whenWoken(wake: () => void): void {
    if (this.waiting === undefined) this.waiting = [wake]
    else this.waiting.push(wake)
  }

  wake(): void {
    const { waiting } = this
    if (waiting === undefined) return
    this.waiting = undefined
    for (const wake of waiting) wake()
  }
}

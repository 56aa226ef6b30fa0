import type { UdpOptions } from "@ductworks/platform-node/NodePeers"
import type { UdpCarrier } from "@ductworks/platform-node/PeersKit"
import { copyOf } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import type { SocketFault } from "../../SocketError.js"
import type { Binding, Handle } from "../binding.js"
import { fault, isBlocked } from "../errno.js"
import { NativeHandle } from "../nativeHandle.js"
import { boundSocket } from "./udpSocket.js"
import { NativeTarget, sourceOf, targetOf } from "./udpTarget.js"

// The addon looks at every slot that it is to use, which takes longer than another call where only a few come.
const few = 4
const many = 16

/** So many that came at once are received before the event loop has its turn. */
const mostPerTurn = 64

/** No datagram is larger. */
const slotBytes = 64 * 1024

/**
 * Where datagrams land, once a thread: what came is copied out of it, and of each slot only as much was ever touched as
 * came there.
 */
class Slots {
  readonly memory: ArrayBuffer
  readonly views: ReadonlyArray<Uint8Array>
  readonly told = new Int32Array(2 * many)
  readonly from: Uint8Array

  constructor(readonly addressBytes: number) {
    this.memory = new ArrayBuffer(slotBytes * many)
    this.views = Array.from({ length: many }, (_, at) => new Uint8Array(this.memory, slotBytes * at, slotBytes))
    this.from = new Uint8Array(addressBytes * many)
  }

  /** A copy of what came. */
  packet(at: number): Uint8Array {
    const length = this.told[2 * at] ?? 0
    return copyOf(new Uint8Array(this.memory, slotBytes * at, length), length)
  }
}

let shared: Slots | undefined

/** Datagrams over the addon: one call for each that leaves, and one for all that came. */
export class NativeCarrier implements UdpCarrier<NativeTarget> {
  readonly host: string
  readonly port: number
  readonly isV6: boolean
  private readonly polled: NativeHandle
  private readonly slots: Slots
  private arrived: (from: NativeTarget, packet: Uint8Array) => void = () => {}
  private failed: (cause: Error) => void = () => {}
  private lastSource: NativeTarget | undefined
  private waiting: Array<() => void> = []
  private isClosed = false

  /** @param handle of a socket that is bound, which this owns */
  constructor(
    private readonly binding: Binding,
    handle: Handle
  ) {
    this.polled = new NativeHandle(binding, handle)
    this.slots = shared ??= new Slots(binding.constants.SIZE.SOCKADDR_STORAGE ?? 128)
    const { from } = this.slots
    const { host, isV6, port } = sourceOf(binding, from, binding.getsockname(handle, from))
    this.host = host
    this.port = port
    this.isV6 = isV6
  }

  // One of a socket of the other family has an address that this one cannot use, where its text may be.
  isTarget(peer: unknown): peer is NativeTarget {
    return peer instanceof NativeTarget && peer.isV6 === this.isV6
  }

  target(host: string, port: number): NativeTarget {
    return targetOf(this.binding, host, port)
  }

  // --- sending: the system's buffer is the only one

  offer(to: NativeTarget, packet: Uint8Array): boolean | Error {
    const { length, raw } = to
    if (length < 0) return fault("send", length)
    const result = this.binding.sendto(this.polled.handle, packet, 0, packet.length, 0, raw, length)
    return result >= 0 || (!isBlocked(result) && fault("send", result))
  }

  send(to: NativeTarget, packet: Uint8Array, tell: (cause: Error | null) => void): () => void {
    const attempt = () => {
      const result = this.offer(to, packet)
      if (result === false) this.wait(attempt)
      else tell(result === true ? null : result)
    }
    this.wait(attempt)
    return () => {
      this.waiting = this.waiting.filter((other) => other !== attempt)
      if (this.waiting.length === 0) this.polled.watch("write", undefined)
    }
  }

  private wait(attempt: () => void): void {
    this.waiting.push(attempt)
    if (this.waiting.length === 1) this.polled.watch("write", this.roomy)
  }

  private readonly roomy = (): void => {
    const { waiting } = this
    this.waiting = []
    for (const attempt of waiting) attempt()
  }

  // --- receiving

  listen(arrived: (from: NativeTarget, packet: Uint8Array) => void, failed: (cause: Error) => void): void {
    this.arrived = arrived
    this.failed = failed
    this.watch()
  }

  private watch(): void {
    const result = this.polled.watch("read", this)
    if (result < 0) this.failed(fault("recv", result))
  }

  /** Something came. What is left is told again. */
  ready(): void {
    if (this.isClosed) return
    this.watch()
    let received = this.receive(few)
    for (let more = received === few; more && received < mostPerTurn;) {
      const count = this.receive(many)
      more = count === many
      received += count
    }
  }

  private receive(most: number): number {
    const { from, told, views } = this.slots
    const count = this.binding.recvmmsg(this.polled.handle, views, 0, most, told, from)
    for (let at = 0; at < count; at++) this.arrived(this.source(at), this.slots.packet(at))
    if (count < 0 && !isBlocked(count)) this.failed(fault("recv", count))
    return count
  }

  private source(at: number): NativeTarget {
    const { addressBytes, from, told } = this.slots
    const length = told[2 * at + 1] ?? 0
    const last = this.lastSource
    if (last !== undefined && (length < 0 || last.isAt(from, addressBytes * at, length))) return last
    const raw = from.slice(addressBytes * at, addressBytes * at + length)
    return (this.lastSource = sourceOf(this.binding, raw, length))
  }

  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.isClosed = true
    this.polled.close()
  })
}

/** Opens a socket of datagrams at the numeric address; whoever runs this owns it. */
export const openUdp = (
  binding: Binding,
  options: UdpOptions,
  host: string,
  port: number
): Effect.Effect<NativeCarrier, SocketFault> =>
  Effect.suspend(() => {
    const handle = boundSocket(binding, options, host, port)
    return typeof handle === "number" ? Effect.succeed(new NativeCarrier(binding, handle)) : handle
  })

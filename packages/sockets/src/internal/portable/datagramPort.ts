import * as Effect from "effect/Effect"
import { InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { MSG, SHUT, SOCK } from "../../SocketConstants.js"
import { fault } from "../errno.js"
import type { Direction, Origin, Port } from "../port.js"
import { unnamed } from "./addresses.js"
import { DatagramLife } from "./datagramLife.js"
import { type Datagram, DatagramQueue } from "./datagramQueue.js"
import { failed, failureOf } from "./failure.js"
import { isPeek, isSupported } from "./flags.js"
import { isHow, unlessClosed } from "./steps.js"
import { Watches } from "./watches.js"

// Beyond, the system takes no more for now, and neither do we.
const sendLimit = 1024 * 1024

/** A UDP socket over `node:dgram`. Sending and connecting bind it, to any port, as they do everywhere. */
export class DatagramPort implements Port {
  readonly type = SOCK.DGRAM
  readonly native = undefined
  /** `node:dgram` does not tell. */
  readonly origFd = -1
  private readonly queue = new DatagramQueue()
  private readonly watches = new Watches((isHeld) => this.life.socket?.hold(isHeld))
  private readonly life: DatagramLife
  /** What the system reported of an earlier datagram: the next receive tells, once. */
  private error: unknown
  private from: SocketAddress
  private isReadShut = false
  private isWriteShut = false

  constructor(readonly domain: number) {
    this.from = unnamed(domain)
    const onDatagram = (datagram: Datagram) => {
      this.queue.push(datagram)
      this.watches.fire("read")
    }
    const onError = (cause: unknown) => {
      this.error ??= cause
      this.watches.fire("read")
    }
    this.life = new DatagramLife(domain, { onDatagram, onError }, () => this.watches.isWatched("read"))
  }

  fileno(): number {
    return this.origFd
  }

  // --- readiness

  watch(direction: Direction, wake: (() => void) | undefined): number {
    if (this.life.isClosed()) return failed("EBADF")
    this.watches.set(direction, wake)
    if (wake !== undefined && (direction === "write" || this.isReadable())) this.watches.fireSoon(direction)
    return 0
  }

  private isReadable(): boolean {
    return this.queue.peek() !== undefined || this.error !== undefined || this.isReadShut
  }

  close(): void {
    if (this.life.isClosed()) return
    this.life.close()
    this.watches.fireAll()
  }

  // --- naming and connecting

  bind(address: SocketAddress) {
    return this.life.bind(inet(address))
  }

  connect(address: SocketAddress) {
    const peer = inet(address)
    return Effect.flatMap(this.life.ready("connect"), (socket) =>
      Effect.mapError(socket.connect(peer), (cause) => this.life.failure("connect", cause, peer))
    )
  }

  listen() {
    return unlessClosed("listen", this.life.isClosed, () => fault("listen", failed("EOPNOTSUPP")))
  }

  accept(): number {
    return failed("EOPNOTSUPP")
  }

  localAddress() {
    return unlessClosed("getsockname", this.life.isClosed, () =>
      Effect.succeed(this.life.socket?.local ?? unnamed(this.domain))
    )
  }

  remoteAddress() {
    return unlessClosed("getpeername", this.life.isClosed, () => {
      const peer = this.life.socket?.remote
      return peer === undefined ? fault("getpeername", failed("ENOTCONN")) : Effect.succeed(peer)
    })
  }

  shutdown(how: number) {
    return unlessClosed("shutdown", this.life.isClosed, () => {
      if (!isHow(how)) return fault("shutdown", failed("EINVAL"))
      if (this.life.socket?.remote === undefined) return fault("shutdown", failed("ENOTCONN"))
      if (how !== SHUT.WR) this.isReadShut = true
      if (how !== SHUT.RD) this.isWriteShut = true
      this.watches.fireAll()
      return Effect.void
    })
  }

  // --- bytes

  recv(into: Uint8Array, offset: number, length: number, flags: number): number {
    if (this.life.isClosed()) return failed("EBADF")
    if (!isSupported(flags, MSG.PEEK | MSG.TRUNC)) return failed("EOPNOTSUPP")
    const datagram = this.queue.peek()
    if (datagram === undefined) return this.nothing()
    this.from = datagram.from
    const piece = datagram.data.subarray(0, length)
    into.set(piece, offset)
    if (!isPeek(flags)) this.queue.shift()
    // recv(2): MSG_TRUNC returns the real length of the datagram, even when it was longer than the passed buffer.
    return (flags & MSG.TRUNC) === 0 ? piece.length : datagram.data.length
  }

  private nothing(): number {
    const { error } = this
    this.error = undefined
    if (error !== undefined) return failureOf(error)
    return this.isReadShut ? 0 : failed("EAGAIN")
  }

  recvmmsg(buffers: ReadonlyArray<Uint8Array>, received: Array<Origin>): number {
    for (const buffer of buffers) {
      // What failed, and the end, is the next call's.
      if (received.length > 0 && this.queue.peek() === undefined) break
      const count = this.recv(buffer, 0, buffer.length, 0)
      if (count < 0) return count
      received.push([count, this.from])
    }
    return 0
  }

  recvfrom(into: Uint8Array, offset: number, length: number, flags: number): number {
    return this.recv(into, offset, length, flags)
  }

  sender(): SocketAddress {
    return this.from
  }

  // `sendDatagram` instead: whether a datagram went is known only later.
  send(): number {
    return failed("EOPNOTSUPP")
  }

  sendv(): number {
    return failed("EOPNOTSUPP")
  }

  sendDatagram(operation: string, data: Uint8Array, flags: number) {
    return this.sendLater(operation, data, flags, undefined)
  }

  sendto(data: Uint8Array, flags: number, address: SocketAddress | undefined) {
    return this.sendLater("sendto", data, flags, address)
  }

  private sendLater(operation: string, data: Uint8Array, flags: number, address: SocketAddress | undefined) {
    if (!isSupported(flags)) return failed("EOPNOTSUPP")
    if (this.isWriteShut) return failed("EPIPE")
    // A copy: who is interrupted may use the memory again.
    const bytes = data.slice()
    return Effect.flatMap(this.life.ready(operation), (socket) => {
      const isConnected = socket.remote !== undefined
      if (address === undefined && !isConnected) return fault(operation, failed("EDESTADDRREQ"))
      if (address !== undefined && isConnected) return fault(operation, failed("EISCONN"))
      if (socket.pending >= sendLimit) return fault(operation, failed("ENOBUFS"))
      const sent = socket.send(bytes, address === undefined ? undefined : inet(address))
      return Effect.mapError(sent, (cause) => this.life.failure(operation, cause, address))
    })
  }

  // --- options

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return this.life.getsockopt(level, name, out)
  }

  setsockopt(level: number, name: number, value: Uint8Array): number {
    return this.life.setsockopt(level, name, value)
  }

  membership(isJoin: boolean, group: SocketAddress, interfaceName: string | undefined) {
    return this.life.membership(isJoin ? "joinGroup" : "leaveGroup", isJoin, { group: inet(group).ip, interfaceName })
  }

  readable(): number {
    return this.queue.peek()?.data.length ?? 0
  }

  writable(): number {
    return Math.max(0, sendLimit - (this.life.socket?.pending ?? 0))
  }
}

// Sock has looked at the family before.
const inet = (address: SocketAddress): InetAddress => (address._tag === "InetAddress" ? address : InetAddress("", 0))

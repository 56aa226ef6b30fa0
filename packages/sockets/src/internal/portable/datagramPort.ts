import * as Effect from "effect/Effect"
import type * as dgram from "node:dgram"
import { format, InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { MSG, SHUT, SOCK } from "../../SocketConstants.js"
import { SocketClosed, type SocketFault } from "../../SocketError.js"
import { fault } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { unnamed } from "./addresses.js"
import { DatagramOptions } from "./datagramOptions.js"
import { DatagramQueue } from "./datagramQueue.js"
import { DatagramSocket } from "./datagramSocket.js"
import { failed, failureOf, faultOf } from "./failure.js"
import { isPeek, isSupported } from "./flags.js"
import { change, type Membership } from "./memberships.js"
import { Watches } from "./watches.js"

// Beyond, the system takes no more for now, and neither do we.
const sendLimit = 1024 * 1024

/**
 * A UDP socket over `node:dgram`, which has none of the system before it is bound: until then options and groups are
 * only noted. Sending and connecting bind it, to any port.
 */
export class DatagramPort implements Port {
  readonly type = SOCK.DGRAM
  readonly native = undefined
  /** `node:dgram` does not tell. */
  readonly origFd = -1
  private state: DatagramSocket | "new" | "closed" = "new"
  private readonly options: DatagramOptions
  private readonly groups: Array<Membership> = []
  private readonly queue = new DatagramQueue()
  private readonly watches = new Watches((isHeld) => {
    if (this.state instanceof DatagramSocket) this.state.hold(isHeld)
  })
  private readonly turn = Effect.unsafeMakeSemaphore(1)
  /** What the system reported of an earlier datagram: the next receive tells, once. */
  private error: unknown
  private from: SocketAddress
  private isReadShut = false
  private isWriteShut = false

  constructor(readonly domain: number) {
    this.options = new DatagramOptions(domain)
    this.from = unnamed(domain)
  }

  fileno(): number {
    return this.origFd
  }

  // --- readiness

  watch(direction: Direction, wake: (() => void) | undefined): number {
    if (this.state === "closed") return failed("EBADF")
    this.watches.set(direction, wake)
    if (wake !== undefined && (direction === "write" || this.isReadable())) this.watches.fireSoon(direction)
    return 0
  }

  private isReadable(): boolean {
    return this.queue.peek() !== undefined || this.error !== undefined || this.isReadShut
  }

  close(): void {
    const { state } = this
    if (state === "closed") return
    this.state = "closed"
    if (state !== "new") state.close()
    this.watches.fireAll()
  }

  // --- naming and connecting

  bind(address: SocketAddress) {
    return this.turn.withPermits(1)(
      this.unlessClosed("bind", () =>
        this.state === "new" ? this.open("bind", inet(address)) : fault("bind", failed("EINVAL"), format(address))
      )
    )
  }

  private open(operation: string, local: InetAddress): Effect.Effect<DatagramSocket, SocketFault | SocketClosed> {
    const opened = DatagramSocket.bind(this.domain, local, this.options.creation, {
      onDatagram: (datagram) => {
        this.queue.push(datagram)
        this.watches.fire("read")
      },
      onError: (cause) => {
        this.error ??= cause
        this.watches.fire("read")
      }
    })
    return Effect.uninterruptibleMask((restore) =>
      restore(opened).pipe(
        Effect.tap((socket) => Effect.try({ try: () => this.adopt(socket), catch: (cause) => cause })),
        Effect.mapError((cause) => this.failure(operation, cause, local))
      )
    )
  }

  private adopt(socket: DatagramSocket): void {
    try {
      if (this.state === "closed") throw new SocketClosed({ operation: "bind" })
      this.options.apply(socket.options)
      for (const membership of this.groups) change(socket.options, this.domain, true, membership)
    } catch (cause) {
      socket.close()
      throw cause
    }
    this.state = socket
    socket.hold(this.watches.isWatched("read"))
  }

  /** Gives the bound socket, binding it to any port first if it is new. One fiber binds, the others wait for it. */
  private ready(operation: string): Effect.Effect<DatagramSocket, SocketFault | SocketClosed> {
    const now = this.unlessClosed(operation, () =>
      this.state instanceof DatagramSocket
        ? Effect.succeed(this.state)
        : this.open(operation, inet(unnamed(this.domain)))
    )
    return Effect.suspend(() => (this.state === "new" ? this.turn.withPermits(1)(now) : now))
  }

  connect(address: SocketAddress) {
    const peer = inet(address)
    return Effect.flatMap(this.ready("connect"), (socket) =>
      Effect.mapError(socket.connect(peer), (cause) => this.failure("connect", cause, peer))
    )
  }

  listen() {
    return fault("listen", failed("EOPNOTSUPP"))
  }

  accept(): number {
    return failed("EOPNOTSUPP")
  }

  localAddress() {
    return this.unlessClosed("getsockname", () =>
      Effect.succeed(this.state instanceof DatagramSocket ? this.state.local : unnamed(this.domain))
    )
  }

  remoteAddress() {
    return this.unlessClosed("getpeername", () => {
      const peer = this.state instanceof DatagramSocket ? this.state.remote : undefined
      return peer === undefined ? fault("getpeername", failed("ENOTCONN")) : Effect.succeed(peer)
    })
  }

  shutdown(how: number) {
    return this.unlessClosed("shutdown", () => {
      if (how !== SHUT.RD && how !== SHUT.WR && how !== SHUT.RDWR) return fault("shutdown", failed("EINVAL"))
      if (!(this.state instanceof DatagramSocket) || this.state.remote === undefined) {
        return fault("shutdown", failed("ENOTCONN"))
      }
      if (how !== SHUT.WR) this.isReadShut = true
      if (how !== SHUT.RD) this.isWriteShut = true
      this.watches.fireAll()
      return Effect.void
    })
  }

  private unlessClosed<A, E>(operation: string, step: () => Effect.Effect<A, E>): Effect.Effect<A, E | SocketClosed> {
    return Effect.suspend((): Effect.Effect<A, E | SocketClosed> => {
      return this.state === "closed" ? Effect.fail(new SocketClosed({ operation })) : step()
    })
  }

  private failure(operation: string, cause: unknown, address?: SocketAddress): SocketFault | SocketClosed {
    if (this.state === "closed") return new SocketClosed({ operation })
    return faultOf(operation, cause, address === undefined ? undefined : format(address))
  }

  // --- bytes

  recv(into: Uint8Array, offset: number, length: number, flags: number): number {
    if (this.state === "closed") return failed("EBADF")
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

  sendDatagram(data: Uint8Array, flags: number) {
    return this.sendLater("send", data, flags, undefined)
  }

  sendto(data: Uint8Array, flags: number, address: SocketAddress | undefined) {
    return this.sendLater("sendto", data, flags, address)
  }

  private sendLater(operation: string, data: Uint8Array, flags: number, address: SocketAddress | undefined) {
    if (!isSupported(flags)) return failed("EOPNOTSUPP")
    if (this.isWriteShut) return failed("EPIPE")
    // A copy: who is interrupted may use the memory again.
    const bytes = data.slice()
    return Effect.flatMap(this.ready(operation), (socket) => {
      const isConnected = socket.remote !== undefined
      if (address === undefined && !isConnected) return fault(operation, failed("EDESTADDRREQ"))
      if (address !== undefined && isConnected) return fault(operation, failed("EISCONN"))
      if (socket.pending >= sendLimit) return fault(operation, failed("ENOBUFS"))
      const sent = socket.send(bytes, address === undefined ? undefined : inet(address))
      return Effect.mapError(sent, (cause) => this.failure(operation, cause, address))
    })
  }

  // --- options

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return this.state === "closed" ? failed("EBADF") : this.options.get(this.openSocket(), level, name, out)
  }

  setsockopt(level: number, name: number, value: Uint8Array): number {
    return this.state === "closed" ? failed("EBADF") : this.options.set(this.openSocket(), level, name, value)
  }

  private openSocket(): dgram.Socket | undefined {
    return this.state instanceof DatagramSocket ? this.state.options : undefined
  }

  membership(isJoin: boolean, group: SocketAddress, interfaceName: string | undefined) {
    const operation = isJoin ? "joinGroup" : "leaveGroup"
    return this.unlessClosed(operation, () => {
      const membership = { group: inet(group).ip, interfaceName }
      const socket = this.openSocket()
      return Effect.try({
        try: () =>
          socket === undefined ? this.note(isJoin, membership) : change(socket, this.domain, isJoin, membership),
        catch: (cause) => faultOf(operation, cause, membership.group)
      })
    })
  }

  private note(isJoin: boolean, { group, interfaceName }: Membership): void {
    const index = this.groups.findIndex((known) => known.group === group && known.interfaceName === interfaceName)
    if (isJoin) this.groups.push({ group, interfaceName })
    else if (index >= 0) this.groups.splice(index, 1)
    else throw Object.assign(new Error("not a member of the group"), { code: "EADDRNOTAVAIL" })
  }

  readable(): number {
    return this.queue.peek()?.data.length ?? 0
  }

  writable(): number {
    return this.state instanceof DatagramSocket ? Math.max(0, sendLimit - this.state.pending) : sendLimit
  }
}

// Sock has looked at the family before.
const inet = (address: SocketAddress): InetAddress => (address._tag === "InetAddress" ? address : InetAddress("", 0))

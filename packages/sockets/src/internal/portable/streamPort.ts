import * as NodeDriver from "@ductworks/platform-node/NodeDriver"
import * as Effect from "effect/Effect"
import * as net from "node:net"
import { format, type SocketAddress } from "../../SocketAddress.js"
import { AF, SHUT, SOCK } from "../../SocketConstants.js"
import { SocketClosed } from "../../SocketError.js"
import { fault } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { unsupported } from "../unsupported.js"
import { localOf, remoteOf, toDuct, unnamed } from "./addresses.js"
import { Connected } from "./connected.js"
import { failed, failureOf } from "./failure.js"
import { Listening } from "./listening.js"
import * as openings from "./opening.js"
import { closed, isHow, unlessClosed } from "./steps.js"
import { StreamOptions } from "./streamOptions.js"
import { Watches } from "./watches.js"

type State = Connected | Listening | openings.Opening | "new" | "closed"

/**
 * A stream socket over `node:net`, which has none before it connects or listens: until then a name and options are
 * only noted.
 */
export class StreamPort implements Port {
  readonly type = SOCK.STREAM
  readonly native = undefined
  origFd = -1
  private state: State = "new"
  private bound: SocketAddress | undefined
  // Not if nothing came of the name: then it may get another, as where the system refuses `bind`.
  private isNamed = false
  private from: SocketAddress
  readonly watches = new Watches((isHeld) => {
    if (this.state instanceof Connected || this.state instanceof Listening) this.state.hold(isHeld)
  })

  constructor(
    readonly domain: number,
    private readonly options = new StreamOptions()
  ) {
    this.from = unnamed(domain)
  }

  fileno(): number {
    return this.state === "closed" ? -1 : this.origFd
  }

  // --- readiness

  watch(direction: Direction, wake: (() => void) | undefined): number {
    if (this.state === "closed") return failed("EBADF")
    this.watches.set(direction, wake)
    if (wake !== undefined && this.isReady(direction)) this.watches.fireSoon(direction)
    return 0
  }

  private isReady(direction: Direction): boolean {
    const { state } = this
    if (state instanceof Connected) return direction === "read" ? state.isReadable() : state.isWritable()
    return state instanceof Listening ? direction === "read" && state.isReadable() : state === "new"
  }

  close(): void {
    const { state } = this
    if (state === "closed") return
    this.state = "closed"
    if (state instanceof Connected) state.close(this.options.lingering())
    else if (state instanceof Listening) state.close()
    else if (state !== "new") state.stop()
    this.watches.fireAll()
  }

  // --- naming and connecting

  bind(address: SocketAddress) {
    return unlessClosed("bind", this.isClosed, (): Effect.Effect<void, openings.Failure> => {
      if (this.state !== "new" || this.isNamed) return fault("bind", failed("EINVAL"), format(address))
      if (address._tag === "UnixAddress" && address.path === "") return Effect.fail(unsupported("bind"))
      this.bound = address
      this.isNamed = true
      return Effect.void
    })
  }

  connect(address: SocketAddress) {
    return unlessClosed("connect", this.isClosed, () => {
      const { state } = this
      if (state instanceof Connected || state instanceof Listening) return fault("connect", failed("EISCONN"))
      if (state !== "new") return fault("connect", failed("EALREADY"))
      const from = this.bound === undefined ? undefined : toDuct(this.domain, this.bound)
      if (from?._tag === "UnixAddress") return openings.boundConnect
      const driver = NodeDriver.make()
      return this.open(
        "connect",
        // With an error: who waits for the connection hears of nothing else.
        () => driver.socket.destroy(new SocketClosed({ operation: "connect" })),
        (restore) => openings.openConnected(restore, this, driver, address, from)
      )
    })
  }

  listen(backlog: number) {
    return unlessClosed("listen", this.isClosed, () => {
      if (this.state instanceof Listening) return Effect.void
      const isNamed = this.bound !== undefined || this.domain !== AF.UNIX
      if (this.state !== "new" || !isNamed) return fault("listen", failed("EINVAL"))
      const options = { backlog, ipv6Only: this.options.ipv6Only !== 0 }
      return this.open(
        "listen",
        () => {},
        (restore) => openings.openListening(restore, this, this.bound ?? unnamed(this.domain), options)
      )
    })
  }

  // Where nothing comes of it the socket is as new, unless it was closed meanwhile.
  private open(
    operation: string,
    stop: () => void,
    opening: (restore: openings.Restore) => Effect.Effect<Connected | Listening, openings.Failure>
  ): Effect.Effect<void, openings.Failure> {
    this.state = { stop }
    return Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(opening(restore), {
        onFailure: (cause) => {
          if (this.state === "closed") return closed(operation)
          this.state = "new"
          this.isNamed = false
          return Effect.failCause(cause)
        },
        onSuccess: (opened) => {
          if (this.state !== "closed") return Effect.sync(() => this.enter(opened))
          opened.close()
          return closed(operation)
        }
      })
    )
  }

  private enter(opened: Connected | Listening): void {
    this.state = opened
    this.origFd = opened.fileno ?? -1
    if (opened instanceof Connected) opened.tune(this.options)
  }

  localAddress() {
    return unlessClosed("getsockname", this.isClosed, () => {
      if (this.state instanceof Connected || this.state instanceof Listening) return Effect.succeed(this.state.local)
      return this.bound?._tag === "InetAddress" && this.bound.port === 0
        ? openings.boundName
        : Effect.succeed(this.bound ?? unnamed(this.domain))
    })
  }

  remoteAddress() {
    return unlessClosed("getpeername", this.isClosed, () =>
      this.state instanceof Connected ? Effect.succeed(this.state.remote) : fault("getpeername", failed("ENOTCONN"))
    )
  }

  shutdown(how: number) {
    return unlessClosed("shutdown", this.isClosed, () => {
      if (!isHow(how)) return fault("shutdown", failed("EINVAL"))
      if (!(this.state instanceof Connected)) return fault("shutdown", failed("ENOTCONN"))
      if (how !== SHUT.WR) this.state.shutRead()
      if (how !== SHUT.RD) this.state.shutWrite()
      this.watches.fireAll()
      return Effect.void
    })
  }

  private readonly isClosed = (): boolean => this.state === "closed"

  accept(): Port | number {
    if (!(this.state instanceof Listening)) return failed(this.state === "closed" ? "EBADF" : "EINVAL")
    const socket = this.state.take()
    if (socket === undefined) return failed("EAGAIN")
    if (!(socket instanceof net.Socket)) return failureOf(socket)
    const isUnix = this.domain === AF.UNIX
    const port = new StreamPort(this.domain, this.options.inherited())
    const local = isUnix ? this.state.local : localOf(socket)
    this.from = isUnix ? unnamed(this.domain) : remoteOf(socket)
    port.enter(new Connected(NodeDriver.fromSocket(socket), local, this.from, port.watches))
    return port
  }

  sender(): SocketAddress {
    return this.from
  }

  // --- bytes

  recv(into: Uint8Array, offset: number, length: number, flags: number): number {
    return this.state instanceof Connected ? this.state.recv(into, offset, length, flags) : this.notConnected()
  }

  recvfrom(into: Uint8Array, offset: number, length: number, flags: number): number {
    if (this.state instanceof Connected) this.from = this.state.remote
    return this.recv(into, offset, length, flags)
  }

  send(from: Uint8Array, offset: number, length: number, flags: number): number {
    return this.state instanceof Connected
      ? this.state.send([from.subarray(offset, offset + length)], flags)
      : this.notConnected()
  }

  sendv(pieces: ReadonlyArray<Uint8Array>, first: number, offset: number): number {
    if (!(this.state instanceof Connected)) return this.notConnected()
    return this.state.send(
      pieces.slice(first).map((piece, index) => (index === 0 ? piece.subarray(offset) : piece)),
      0
    )
  }

  // sendto(2) with an address on a connected stream socket is EISCONN on the BSDs and ignored by Linux.
  sendto(data: Uint8Array, flags: number): number {
    return this.send(data, 0, data.length, flags)
  }

  private notConnected(): number {
    return failed(this.state === "closed" ? "EBADF" : "ENOTCONN")
  }

  // --- options

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return this.state === "closed" ? failed("EBADF") : this.options.get(this.domain, level, name, out)
  }

  setsockopt(level: number, name: number, value: Uint8Array): number {
    if (this.state === "closed") return failed("EBADF")
    const result = this.options.set(this.domain, level, name, value, this.state !== "new")
    if (result === 0 && this.state instanceof Connected) this.state.tune(this.options)
    return result
  }

  readable(): number {
    return this.state instanceof Connected ? this.state.readable() : 0
  }

  writable(): number {
    return this.state instanceof Connected ? this.state.writable() : 0
  }

  membership(isJoin: boolean) {
    const operation = isJoin ? "joinGroup" : "leaveGroup"
    return unlessClosed(operation, this.isClosed, () => Effect.fail(unsupported(operation)))
  }
}

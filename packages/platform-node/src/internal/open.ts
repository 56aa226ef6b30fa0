/**
 * Connections over sockets of `node:net`, by where the socket comes from: a new one that connects, one that a listener
 * accepted, or a descriptor that this process inherited.
 */
import { type Address, type FdAddress, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import { type ConnectError, ConnectFailed } from "@ductworks/core/DuctError"
import type { ConnectOptions, SocketOptions } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import type * as net from "node:net"
import { checkConnect } from "./addresses.js"
import { descriptorOf, isTcp, takeHandle } from "./endpoint.js"
import { codeOf, details, reasonOf, withCode } from "./errno.js"
import { SocketDriver } from "./socketDriver.js"

/** The two addresses of a connection, for where they cannot be asked of the system. */
export interface Ends {
  readonly localAddress: Address
  readonly remoteAddress: Address
}

export const readAheadOf = (options: SocketOptions): number =>
  Connection.sizeOr(options.readAhead, Connection.defaultReadAhead)

/**
 * A connection over an open socket that nothing was read from yet: an accepted one, or one of a child's stdio. The
 * socket object itself is used up. The scope owns the descriptor.
 */
export const fromSocket = (
  socket: net.Socket,
  ends: Ends,
  options: SocketOptions = {}
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const handle = takeHandle(socket)
      const source = handle === undefined ? { plain: socket } : { handle }
      return connectionOf(new SocketDriver(source, readAheadOf(options)), ends, options)
    })
  )

/**
 * A connection over a connected stream socket that this process inherited. The scope owns the descriptor, and closes it.
 * It becomes non-blocking for every process that shares it.
 */
const adopt = (
  address: FdAddress,
  options: SocketOptions
): Effect.Effect<Connection.Connection, ConnectFailed, Scope.Scope> => {
  const open = Effect.try({
    try: () => {
      if (!fs.fstatSync(address.fd).isSocket()) throw withCode("the descriptor is not a socket", "ENOTSOCK")
      return new SocketDriver({ fd: address.fd }, readAheadOf(options))
    },
    catch: (cause) => new ConnectFailed({ reason: reasonOf(cause), address: format(address), ...details(cause) })
  })
  const ends = { localAddress: address, remoteAddress: address }
  return Effect.uninterruptible(Effect.flatMap(open, (driver) => connectionOf(driver, ends, options)))
}

/** One attempt to connect. Interruption closes what was begun. */
export const connect = (
  address: Address,
  options: ConnectOptions = {}
): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> =>
  Effect.flatMap(checkConnect(address), (address) => {
    switch (address._tag) {
      case "UnixAddress":
        return open(address, { path: address.path }, options)
      case "TcpAddress":
        return open(address, { host: address.hostname, port: address.port }, options)
      case "FdAddress":
        return adopt(address, options)
    }
  })

export const open = (
  address: UnixAddress | TcpAddress,
  target: net.NetConnectOpts,
  options: ConnectOptions
): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const driver = new SocketDriver(undefined, readAheadOf(options))
      const failed = (cause: unknown) =>
        new ConnectFailed({ reason: connectReason(address, cause), address: format(address), ...details(cause) })
      const attempt = Effect.timeoutFail(connected(driver.socket, target, failed), {
        duration: options.timeout ?? defaultTimeout,
        onTimeout: () => failed(withCode("connecting took too long", "ETIMEDOUT"))
      })
      return restore(attempt).pipe(
        Effect.onError(() => driver.close("now")),
        Effect.flatMap(() => connectionOf(driver, endsOf(address, driver.socket), options))
      )
    })
  )

const defaultTimeout = Duration.seconds(30)

const connected = (
  socket: net.Socket,
  target: net.NetConnectOpts,
  failed: (cause: unknown) => ConnectFailed
): Effect.Effect<void, ConnectFailed> =>
  Effect.async((resume) => {
    const onError = (cause: unknown) => resume(failed(cause))
    socket.once("error", onError)
    // A paused socket does not begin to read when it is connected.
    socket.pause()
    socket.connect(target, () => {
      socket.off("error", onError)
      // Loopback TCP can connect to itself: a client's port that the system chose may be the one it asks for.
      if (isTcp(socket) && socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
        resume(failed(withCode("the socket connected to itself", "ECONNREFUSED")))
      } else resume(Effect.void)
    })
    return Effect.sync(() => socket.off("error", onError))
  })

// connect(2) answers ECONNREFUSED for plain files, too.
const connectReason = (address: UnixAddress | TcpAddress, cause: unknown) =>
  address._tag === "UnixAddress" && codeOf(cause) === "ECONNREFUSED" && isOtherFile(address.path)
    ? "NotASocket"
    : reasonOf(cause)

const isOtherFile = (path: string): boolean => {
  if (path.startsWith("\0")) return false
  try {
    return !fs.statSync(path).isSocket()
  } catch {
    return false
  }
}

const endsOf = (address: UnixAddress | TcpAddress, socket: net.Socket): Ends => ({
  localAddress:
    address._tag === "UnixAddress" ? UnixAddress("") : TcpAddress(socket.localAddress ?? "", socket.localPort ?? 0),
  remoteAddress: address
})

const connectionOf = (driver: SocketDriver, ends: Ends, options: SocketOptions) =>
  Effect.suspend(() => {
    const { socket } = driver
    const tcp = isTcp(socket)
    if (tcp) tune(socket, options)
    return Connection.make(driver, {
      ...ends,
      fileno: Option.fromNullable(descriptorOf(socket)),
      linger: options.linger ?? Duration.seconds(tcp ? 10 : 3),
      highWaterMark: options.highWaterMark
    })
  })

/** Sets what a TCP connection has by default, or was asked for. */
export const tune = (socket: net.Socket, options: SocketOptions): void => {
  socket.setNoDelay(options.noDelay ?? true)
  const idle = options.keepAlive ?? Duration.seconds(30)
  // TCP_KEEPIDLE takes whole seconds from 1 to 32,767.
  if (idle !== false) socket.setKeepAlive(true, Math.min(32_767_000, Math.max(1_000, Duration.toMillis(idle))))
}

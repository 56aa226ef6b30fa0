import { format, type TcpAddress, type UnixAddress } from "@ductworks/core/Address"
import { ConnectFailed } from "@ductworks/core/DuctError"
import type { ConnectOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type * as net from "node:net"
import { isTcp } from "./endpoint.js"
import { codeOf, details, reasonOf, withCode } from "./errno.js"
import { connectTimeoutOf } from "./settings.js"

/** One attempt to connect the socket. Interruption only stops waiting: the caller closes what is of no use. */
export const connectSocket = (
  socket: net.Socket,
  address: UnixAddress | TcpAddress,
  target: net.NetConnectOpts
): Effect.Effect<void, ConnectFailed> =>
  Effect.async((resume) => {
    const onError = (cause: unknown) => resume(connectFailed(address, cause))
    socket.once("error", onError)
    // A paused socket does not begin to read when it is connected.
    socket.pause()
    socket.connect(target, () => {
      socket.off("error", onError)
      if (isTcp(socket) && socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
        resume(connectedToItself(address))
      } else resume(Effect.void)
    })
    return Effect.sync(() => socket.off("error", onError))
  })

/** The attempt, for as long as it may take. */
export const inTime = <A, E, R>(
  address: UnixAddress | TcpAddress,
  options: ConnectOptions,
  attempt: Effect.Effect<A, E, R>
): Effect.Effect<A, E | ConnectFailed, R> =>
  Effect.timeoutFail(attempt, {
    duration: connectTimeoutOf(options),
    onTimeout: () => connectFailed(address, withCode("connecting took too long", "ETIMEDOUT"))
  })

/** What `node:net` is told of the address. */
export const targetOf = (address: UnixAddress | TcpAddress): net.NetConnectOpts =>
  address._tag === "UnixAddress" ? { path: address.path } : { host: address.hostname, port: address.port }

export const connectFailed = (address: UnixAddress | TcpAddress, cause: unknown): ConnectFailed =>
  new ConnectFailed({ reason: connectReason(address, cause), address: format(address), ...details(cause) })

/** Loopback TCP can do that: a client's port that the system chose may be the one it asks for. */
export const connectedToItself = (address: UnixAddress | TcpAddress): ConnectFailed =>
  connectFailed(address, withCode("the socket connected to itself", "ECONNREFUSED"))

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

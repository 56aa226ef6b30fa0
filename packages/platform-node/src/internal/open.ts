/**
 * Connections over sockets of `node:net`, by where the socket comes from: a new one that connects, one that a listener
 * accepted, or a descriptor that this process inherited.
 */
import { type Address, type FdAddress, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import { type ConnectError, ConnectFailed } from "@ductworks/core/DuctError"
import type { ConnectOptions, SocketOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import type * as net from "node:net"
import { checkConnect, checkNodeName } from "./addresses.js"
import { connectSocket, inTime, targetOf } from "./connectSocket.js"
import { isTcp } from "./endpoint.js"
import { details, reasonOf, withCode } from "./errno.js"
import { type Ends, SocketInfo } from "./info.js"
import { keepAliveSeconds, lingerOf, readAheadOf } from "./settings.js"
import { driverOf, SocketDriver } from "./socketDriver.js"

/** The end that nobody can look up. */
export const unnamed = UnixAddress("")

/**
 * A connection over an open socket that nothing was read from yet: an accepted one, or one of a child's stdio. The
 * socket object itself is used up. The scope owns the descriptor.
 */
export const fromSocket = (
  socket: net.Socket,
  ends: Ends,
  options: SocketOptions = {}
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.uninterruptible(Effect.suspend(() => connectionOf(driverOf(socket, readAheadOf(options)), ends, options)))

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

/** One attempt to connect. Interruption closes what was begun. `ends`: instead of what the system says. */
export const connect = (
  address: Address,
  options: ConnectOptions = {},
  ends?: Ends
): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> =>
  Effect.flatMap(Effect.tap(checkConnect(address), checkNodeName("connect", address)), (address) => {
    switch (address._tag) {
      case "UnixAddress":
      case "TcpAddress":
        return open(address, options, ends)
      case "FdAddress":
        return adopt(address, options)
    }
  })

const open = (
  address: UnixAddress | TcpAddress,
  options: ConnectOptions,
  ends: Ends | undefined
): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const driver = new SocketDriver(undefined, readAheadOf(options))
      const attempt = inTime(address, options, connectSocket(driver.socket, address, targetOf(address)))
      return restore(attempt).pipe(
        Effect.onError(() => driver.close("now")),
        Effect.flatMap(() => connectionOf(driver, ends ?? endsOf(address, driver.socket), options))
      )
    })
  )

const endsOf = (address: UnixAddress | TcpAddress, socket: net.Socket): Ends => ({
  localAddress: address._tag === "UnixAddress" ? unnamed : TcpAddress(socket.localAddress ?? "", socket.localPort ?? 0),
  remoteAddress: address
})

const connectionOf = (driver: SocketDriver, ends: Ends, options: SocketOptions) =>
  Effect.suspend(() => {
    const { socket } = driver
    const tcp = isTcp(socket)
    if (tcp) tune(socket, options)
    return Connection.make(driver, new SocketInfo(ends, socket, lingerOf(tcp, options), options.highWaterMark))
  })

/** Sets what a TCP connection has by default, or was asked for. */
export const tune = (socket: net.Socket, options: SocketOptions): void => {
  socket.setNoDelay(options.noDelay ?? true)
  const idle = keepAliveSeconds(options)
  if (idle !== undefined) socket.setKeepAlive(true, 1_000 * idle)
}

/**
 * Connections over sockets of the addon, by where the socket comes from: a new one that connects, a descriptor that this
 * process inherited, or a pair.
 */
import { type Address, type FdAddress, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import { type ConnectError, ConnectFailed } from "@ductworks/core/DuctError"
import type { ConnectOptions, SocketOptions } from "@ductworks/core/Transport"
import {
  checkConnect,
  connectFailed,
  details,
  type Ends,
  inTime,
  lingerOf,
  ownScope,
  readAheadOf,
  reasonOf,
  SocketInfo,
  withCode
} from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { AF, SO, SOCK, SOL } from "../../SocketConstants.js"
import type { Handle } from "../binding.js"
import { fault } from "../errno.js"
import { NativeHandle } from "../nativeHandle.js"
import { receivedFds } from "../receivedFds.js"
import { Attempt, connectTcp, connectUnix } from "./connect.js"
import { NativeDriver } from "./driver.js"
import { getInteger, holdForReader, tune } from "./socketOptions.js"
import type { System } from "./system.js"

/** A connection over a connected stream socket, which the scope owns from here on. */
export const connectionOf = (
  system: System,
  polled: NativeHandle,
  isTcp: boolean,
  ends: Ends,
  options: SocketOptions
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.suspend(() => {
    if (isTcp) tune(system.binding, polled.handle, options)
    else holdForReader(system.binding, polled.handle, system.sendBufferBytes)
    const fileno = system.binding.fileno(polled.handle)
    return Connection.make(
      new NativeDriver(system, polled, isTcp, readAheadOf(options)),
      new SocketInfo(ends, fileno, lingerOf(isTcp, options), options.highWaterMark)
    )
  })

/** One attempt to connect. Interruption closes what was begun. */
export const connect =
  (system: System) =>
  (address: Address, options: ConnectOptions = {}): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> =>
    Effect.flatMap(checkConnect(address), (address) =>
      address._tag === "FdAddress" ? adopt(system, address, options) : open(system, address, options)
    )

const open = (system: System, address: UnixAddress | TcpAddress, options: ConnectOptions) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const attempt = new Attempt(system)
      const isTcp = address._tag === "TcpAddress"
      const connected = isTcp
        ? restore(inTime(address, options, connectTcp(attempt, address)))
        : connectUnix(attempt, address)
      return connected.pipe(
        Effect.onError(() => Effect.sync(() => attempt.close())),
        Effect.flatMap((polled) => connectionOf(system, polled, isTcp, endsOf(system, polled, address), options))
      )
    })
  )

const endsOf = (system: System, polled: NativeHandle, address: UnixAddress | TcpAddress): Ends => ({
  localAddress: address._tag === "UnixAddress" ? unnamed : (localOf(system, polled.handle) ?? address),
  remoteAddress: address
})

const localOf = ({ addresses, binding }: System, handle: Handle): TcpAddress | undefined => {
  const length = binding.getsockname(handle, addresses.from)
  const local = length < 0 ? undefined : addresses.decode(length)
  return local?._tag === "InetAddress" ? TcpAddress(local.ip, local.port) : undefined
}

/**
 * A connection over a connected stream socket that this process inherited. The scope owns the descriptor, and closes it.
 * It becomes non-blocking for every process that shares it.
 */
const adopt = (system: System, address: FdAddress, options: SocketOptions) =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const polled = own(system, address)
      if (polled instanceof ConnectFailed) return Effect.fail(polled)
      const isTcp = localOf(system, polled.handle) !== undefined
      return connectionOf(system, polled, isTcp, { localAddress: address, remoteAddress: address }, options)
    })
  )

const own = ({ binding }: System, address: FdAddress): NativeHandle | ConnectFailed => {
  const failed = (cause: unknown) =>
    new ConnectFailed({ reason: reasonOf(cause), address: format(address), ...details(cause) })
  try {
    if (!fs.fstatSync(address.fd).isSocket()) throw withCode("the descriptor is not a socket", "ENOTSOCK")
  } catch (cause) {
    return failed(cause)
  }
  const handle = binding.adopt(address.fd)
  if (handle < 0) return failed(fault("adopt", handle))
  // From here on the connection closes it, not the scope of the receive that it came with.
  receivedFds.delete(address.fd)
  if (getInteger(binding, handle, SOL.SOCKET, SO.TYPE) === SOCK.STREAM) return new NativeHandle(binding, handle)
  binding.close(handle)
  return failed(withCode("the descriptor is no stream socket", "EPROTOTYPE"))
}

/** The end that nobody can look up. */
export const unnamed = UnixAddress("")

const bothUnnamed: Ends = { localAddress: unnamed, remoteAddress: unnamed }

/** Two connections that are each other's ends: socketpair(2). */
export const pair =
  (system: System) =>
  (options: SocketOptions = {}) =>
    ownScope(
      Effect.uninterruptible(
        Effect.suspend(() => {
          const { binding } = system
          const handles = new Int32Array(2)
          const result = binding.socketpair(AF.UNIX, SOCK.STREAM, 0, handles)
          if (result < 0) return Effect.fail(connectFailed(unnamed, fault("socketpair", result)))
          const [parent = -1, child = -1] = handles
          return Effect.all([
            connectionOf(system, new NativeHandle(binding, parent), false, bothUnnamed, options),
            connectionOf(system, new NativeHandle(binding, child), false, bothUnnamed, options)
          ])
        })
      )
    )

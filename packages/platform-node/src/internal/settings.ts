// What `SocketOptions` and its like come to, the same for every transport over the system's sockets.
import * as Connection from "@ductworks/core/Connection"
import type { ConnectOptions, ListenOptions, SocketOptions } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"

export const readAheadOf = (options: SocketOptions): number =>
  Connection.sizeOr(options.readAhead, Connection.defaultReadAhead)

export const lingerOf = (isTcp: boolean, options: SocketOptions): Duration.DurationInput =>
  options.linger ?? Connection.defaultLinger(isTcp)

/** `undefined` where it was turned off. TCP_KEEPIDLE takes whole seconds from 1 to 32,767. */
export const keepAliveSeconds = (options: SocketOptions): number | undefined => {
  const idle = options.keepAlive ?? Duration.seconds(30)
  return idle === false ? undefined : Math.min(32_767, Math.max(1, Math.floor(Duration.toSeconds(idle))))
}

const defaultBacklog = 128

// listen(2) takes an int.
export const backlogOf = (options: ListenOptions): number =>
  Math.floor(Math.min(0x7fffffff, Connection.sizeOr(options.backlog, defaultBacklog)))

export const connectTimeoutOf = (options: ConnectOptions): Duration.DurationInput =>
  options.timeout ?? Duration.seconds(30)

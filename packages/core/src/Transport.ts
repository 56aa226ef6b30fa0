/**
 * The service that makes connections. A program written against it runs over Unix sockets, TCP, inherited descriptors,
 * native sockets or memory by swapping one Layer.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Address } from "./Address.js"
import type { Connection } from "./Connection.js"
import type { AcceptError, ConnectError, ListenError } from "./DuctError.js"

/**
 * Settings of every connection, accepted ones included. A transport ignores what has no meaning for the family.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocketOptions {
  /** How long a successful close may wait for taken bytes to leave. Default 3 seconds (Unix, memory), 10 seconds (TCP). */
  readonly linger?: Duration.DurationInput
  /** `TCP_NODELAY`: small messages leave at once. Default true. */
  readonly noDelay?: boolean
  /** `SO_KEEPALIVE` with this idle time, so that a vanished host is noticed; `false` turns it off. Default 30 seconds. */
  readonly keepAlive?: Duration.DurationInput | false
  /** `write` waits while this many bytes have not left. Default 128 KiB. */
  readonly highWaterMark?: number
  /** How many bytes are read before they are asked for. Default 128 KiB. */
  readonly readAhead?: number
}

/**
 * The settings of one attempt to connect, and of the connection that it makes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions extends SocketOptions {
  /** Time for one attempt, name resolution included. Default 30 seconds. */
  readonly timeout?: Duration.DurationInput
}

/**
 * The settings of a listener, and of every connection that it accepts. `mode` and `replaceStale` are about socket files
 * only.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListenOptions extends SocketOptions {
  /** Connections the kernel queues before it refuses. Default 1 for a duct, 128 for a server. */
  readonly backlog?: number
  /** Permission bits of a Unix socket file at a given path, 0 to 0o7777; else `InvalidArgument`. Default 0o600. */
  readonly mode?: number
  /**
   * Replace a socket file that no process listens on any more. Default false: `AddressInUse`. Native sockets look whether one
   * does; `node:net` cannot, and replaces a file of ours in any case.
   */
  readonly replaceStale?: boolean
}

/**
 * The settings of both ends of a pair.
 *
 * @since 0.1.0
 * @category models
 */
export interface PairOptions extends SocketOptions {}

/**
 * A bound, listening address. The scope that made it closes it and removes its socket file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listener {
  /** The actual address: the port the system chose, the path that was asked for. */
  readonly address: Address
  /**
   * Waits for a connection, which the caller's scope then owns. Many fibers may wait; interruption loses no connection.
   * After the listener's scope closed it fails with `DuctClosed`.
   */
  readonly accept: Effect.Effect<Connection, AcceptError, Scope.Scope>
}

/**
 * What a transport can do. The scope owns what each operation makes, and closes it; an operation that fails or is
 * interrupted leaves nothing open. All may be called concurrently. `checkTransport` of `@ductworks/testing` proves an
 * implementation.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransportService {
  /** One attempt to connect. Interruption closes what was begun. */
  readonly connect: (address: Address, options?: ConnectOptions) => Effect.Effect<Connection, ConnectError, Scope.Scope>
  /** Listens at the address, or, without one, at a fresh private address of the transport's choice. */
  readonly listen: (
    address: Option.Option<Address>,
    options?: ListenOptions
  ) => Effect.Effect<Listener, ListenError, Scope.Scope>
  /** Two connections that are each other's ends. */
  readonly pair: (
    options?: PairOptions
  ) => Effect.Effect<readonly [Connection, Connection], ConnectError | ListenError, Scope.Scope>
}

/**
 * The tag of the transport in a context. `NodeTransport.layer` provides sockets, `MemoryTransport.layer` memory.
 *
 * @since 0.1.0
 * @category tags
 */
export class Transport extends Context.Tag("@ductworks/core/Transport")<Transport, TransportService>() {}

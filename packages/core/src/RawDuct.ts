/**
 * A byte stream between two processes, with the life cycle of Python's ductworks: the parent binds and listens for one
 * child, the child connects, and from then on both ends are alike.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import type { Address } from "./Address.js"
import type { Chunks, Connection, Line } from "./Connection.js"
import type {
  AcceptError,
  AlreadyConnected,
  ConnectError,
  DuctClosed,
  DuctTimeout,
  InvalidArgument,
  ListenError,
  MessageTruncated,
  NotConnected,
  PollError,
  ReadError,
  RemoteDuctClosed,
  Unsupported,
  WriteError
} from "./DuctError.js"
import * as constants from "./internal/constants.js"
import * as internal from "./internal/rawDuct.js"
import type { ConnectOptions, ListenOptions, PairOptions, Transport } from "./Transport.js"

/**
 * 30 seconds: bounds each accept, send and receive of a raw duct, and a message once it has begun.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultTimeout: Duration.Duration = constants.timeout

/**
 * 3: how often `connect` tries again.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultRetryCount: number = constants.retryCount

/**
 * 3 seconds: how long `connect` waits before it tries again.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultRetryDelay: Duration.Duration = constants.retryDelay

/**
 * 60 seconds: how long `poll` and `listen` wait.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPollTimeout: Duration.Duration = constants.pollTimeout

/**
 * What can end or stop a send.
 *
 * @since 0.1.0
 * @category models
 */
export type SendError = NotConnected | WriteError

/**
 * What can end or stop a receive. The end of the stream is no error of a raw receive: it gives no bytes.
 *
 * @since 0.1.0
 * @category models
 */
export type RecvError = StreamError | DuctTimeout | InvalidArgument

/**
 * What can stop a stream other than its end.
 *
 * @since 0.1.0
 * @category models
 */
export type StreamError = NotConnected | Exclude<ReadError, RemoteDuctClosed>

/**
 * The flags of `send(2)` that make sense for a duct.
 *
 * @since 0.1.0
 * @category models
 */
export interface SendFlags {
  /** `MSG_DONTWAIT`: fail with `DuctTimeout` instead of waiting. */
  readonly dontWait?: boolean
}

/**
 * The flags of `recv(2)` that make sense for a duct. They work from the duct's own buffer, on every transport.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecvFlags {
  /** `MSG_PEEK`: the bytes stay for the next receive. */
  readonly peek?: boolean
  /** `MSG_WAITALL`: wait for all bytes asked for; fewer only at the end of the stream. */
  readonly waitAll?: boolean
  /** `MSG_DONTWAIT`: fail with `DuctTimeout` instead of waiting; wins over `waitAll`. */
  readonly dontWait?: boolean
}

/**
 * How much `recvInto` receives, and how it waits. Default: what is here, up to the whole buffer.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecvIntoOptions {
  /** Bytes to receive at most. Default, and 0: the buffer's length. More than that: `InvalidArgument`. */
  readonly length?: number
  readonly flags?: RecvFlags
}

/**
 * How a duct is closed early. Leaving its scope closes it without a shutdown.
 *
 * @since 0.1.0
 * @category models
 */
export interface CloseOptions {
  /**
   * Shut the sending side down first (`SHUT_WR`), which the other end sees as the end of the stream even while another
   * process has inherited the descriptor. Default false.
   */
  readonly shutdown?: boolean
}

/**
 * One end of a duct. Sends may be concurrent; a second concurrent receive fails with `DuctBusy`. An interrupted or
 * failed receive loses no byte; an interrupted send took all of its bytes or none.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawDuct {
  /** Bounds each send and receive; `DuctTimeout` after it. */
  readonly timeout: Duration.Duration
  /**
   * The bytes of this connection, for layers above, which then receive nothing otherwise; `undefined` while there is no
   * connection. It is another one with every connection and close: what was kept of the one before is void then.
   */
  readonly line: () => Line | undefined
  readonly localAddress: Effect.Effect<Address, NotConnected>
  readonly remoteAddress: Effect.Effect<Address, NotConnected>
  /** The connection's descriptor, never the listener's. */
  readonly fileno: Effect.Effect<number, NotConnected | DuctClosed | Unsupported>
  /**
   * `send(2)`: takes a copy of as many bytes as it will, at most 64 KiB, and says how many. Waits while too much is
   * pending. A peer that is gone may be noticed only by a later send or flush, unless the end was seen already (over TCP
   * even then, until its system has answered).
   */
  readonly send: (bytes: Uint8Array, flags?: SendFlags) => Effect.Effect<number, SendError>
  /**
   * Sends all bytes, in one piece among concurrent senders. Up to 16 KiB are copied (up to 64 KiB where the duct's
   * `timeout` is 0). More is lent: it completes when they left; when it is interrupted, or fails with `DuctTimeout` because
   * they did not leave in time, they may leave later, and must not change until `flush` completes.
   */
  readonly sendAll: (bytes: Uint8Array) => Effect.Effect<void, SendError>
  /** `sendAll` of the pieces, as one, lent if it is that much in all; the total number of bytes. */
  readonly writev: (pieces: Iterable<Uint8Array>) => Effect.Effect<number, SendError>
  /** Completes when all bytes taken so far were handed to the kernel. */
  readonly flush: Effect.Effect<void, SendError>
  /** At most `maxBytes`, at least one; none at the end of the stream. */
  readonly recv: (maxBytes: number, flags?: RecvFlags) => Effect.Effect<Uint8Array, RecvError>
  /** Like `recv`, into the buffer's start; the number of bytes, 0 at the end of the stream. */
  readonly recvInto: (buffer: Uint8Array, options?: RecvIntoOptions) => Effect.Effect<number, RecvError>
  /** Exactly `count` bytes. At the end of the stream `MessageTruncated`, and what is there stays for `recv`. */
  readonly recvExact: (count: number) => Effect.Effect<Uint8Array, RecvError | MessageTruncated>
  /** Fills buffers of the given sizes, in order; at the end of the stream the complete ones and the last partial one. */
  readonly readv: (sizes: ReadonlyArray<number>) => Effect.Effect<Array<Uint8Array>, RecvError>
  /**
   * Whether bytes, or the end, are here, or come within `timeout` (default 60 seconds; 0 does not wait). Consumes
   * nothing. When the local socket has failed, it is destroyed and `LocalSocketFault` raised.
   */
  readonly poll: (timeout?: Duration.DurationInput) => Effect.Effect<boolean, NotConnected | PollError>
  /** Everything that is here, without a time-out; `RemoteDuctClosed` at the end. For layers above. */
  readonly pull: Effect.Effect<Chunks, NotConnected | ReadError>
  /** Lends the chunks, all at once and in one piece, as `Connection.write` does. For layers above. */
  readonly write: (chunks: Chunks) => Effect.Effect<void, SendError>
  /** Half-close: the other end sees the end of the stream and may still send. */
  readonly endWrite: Effect.Effect<void, SendError | Unsupported>
  /** What arrives, until the end of the stream. Bytes that it took and its consumer did not, go with it. */
  readonly stream: Stream.Stream<Uint8Array, StreamError>
  /** `writev` of what it gets; a chunk of pieces leaves as one. */
  readonly sink: Sink.Sink<void, Uint8Array, never, SendError>
  /**
   * Closes the connection (and a listener), after the bytes taken so far had up to `linger` to leave; what arrived and
   * was not received is dropped. Idempotent; everyone who waits gets `DuctClosed`.
   */
  readonly close: (options?: CloseOptions) => Effect.Effect<void>
}

/**
 * The end that listens. After `close` it may bind again; after its scope, `bind` and `listen` fail with `DuctClosed`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawDuctParent extends RawDuct {
  /** The address that was asked for, if any. */
  readonly bindAddress: Option.Option<Address>
  /** The actual address; kept after close, `NotConnected` before the first bind. */
  readonly listenerAddress: Effect.Effect<Address, NotConnected>
  /**
   * Binds and listens in the system's sense, and says where; children can connect from here on. Does nothing more when
   * bound. A failure leaves the duct unbound, and binding may be tried again. A close on the way makes it fail with
   * `DuctClosed`.
   *
   * @param listenQueueDepth connections the kernel queues, rounded down, at least 1; default 1
   */
  readonly bind: (listenQueueDepth?: number) => Effect.Effect<Address, AlreadyConnected | DuctClosed | ListenError>
  /**
   * Waits for the child, binding first if need be: true when it is connected, false after `timeout` (default 60
   * seconds; 0 probes, infinity waits for ever), and the listener stays usable. The first connection closes the
   * listener and removes its socket file; of several concurrent calls the others then fail with `AlreadyConnected`.
   * When the listener itself fails (`CommunicationFault`) it is destroyed, and the duct can bind again.
   */
  readonly listen: (
    timeout?: Duration.DurationInput
  ) => Effect.Effect<boolean, AlreadyConnected | ListenError | AcceptError>
}

/**
 * The end that connects. After `close` it may connect again; after its scope, `connect` fails with `DuctClosed`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawDuctChild extends RawDuct {
  readonly connectAddress: Address
  /**
   * Connects. While nobody listens (refused, no such socket file, backlog full) it tries again; anything else fails at
   * once. A close on the way, also of what waits for another `connect`, makes it fail with `DuctClosed`.
   */
  readonly connect: (options?: RetryOptions) => Effect.Effect<void, AlreadyConnected | DuctClosed | ConnectError>
}

/**
 * How often and when `connect` tries again. Whatever these say, only a failure that may pass is tried again (refused,
 * no such socket file, backlog full). Delays are on the clock of the fiber that connects.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  /** How often to try again: at most this many + 1 attempts. Default 3; below 0 is 0. */
  readonly retryCount?: number
  /** How long to wait before that. Default 3 seconds. */
  readonly retryDelay?: Duration.DurationInput
  /** Instead of the two above. */
  readonly schedule?: Schedule.Schedule<unknown, ConnectError>
}

/**
 * Where and how a parent listens, and the settings of the connection that it gets. The backlog is an argument of
 * `bind`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ParentOptions extends Omit<ListenOptions, "backlog"> {
  /** Where to listen. Default: a fresh private address of the transport's choice ("pseudo-anonymous"). */
  readonly address?: Address
  /** Default {@link defaultTimeout}. */
  readonly timeout?: Duration.DurationInput
}

/**
 * What a child connects to, and the settings of the connection. `timeout` (default {@link defaultTimeout}) bounds each
 * attempt to connect, and then each send and receive.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChildOptions extends ConnectOptions {
  readonly address: Address
}

/**
 * A parent duct. No I/O happens before `bind` or `listen`; leaving the scope closes it for good.
 *
 * @example
 * import { RawDuct } from "@ductworks/core"
 * import { NodeTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const parent = yield* RawDuct.parent()
 *   const child = yield* RawDuct.child({ address: yield* parent.bind() })
 *   yield* child.connect()
 *   console.assert(yield* parent.listen("1 second"))
 *   yield* child.sendAll(new Uint8Array([1, 2, 3]))
 *   console.assert((yield* parent.recvExact(3)).join() === "1,2,3")
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))
 *
 * @since 0.1.0
 * @category constructors
 */
export const parent: (options?: ParentOptions) => Effect.Effect<RawDuctParent, never, Transport | Scope.Scope> =
  internal.parent

/**
 * A child duct. No I/O happens before `connect`; leaving the scope closes it for good.
 *
 * @since 0.1.0
 * @category constructors
 */
export const child: (options: ChildOptions) => Effect.Effect<RawDuctChild, never, Transport | Scope.Scope> =
  internal.child

/**
 * Two ducts that are each other's ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pair: (
  options?: PairOptions & { readonly timeout?: Duration.DurationInput }
) => Effect.Effect<readonly [RawDuct, RawDuct], ConnectError | ListenError, Transport | Scope.Scope> = internal.pair

/**
 * What `duct.line()` gives, for layers that ask with every message: without the closure that a member of a duct is.
 *
 * @since 0.1.0
 * @category layers
 */
export const lineOf: (duct: RawDuct) => Line | undefined = internal.lineOf

/**
 * A duct over a connection that stands. The connection stays its scope's; `close` closes it early.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConnection: (
  connection: Connection,
  options?: {
    /** Default {@link defaultTimeout}. */
    readonly timeout?: Duration.DurationInput
    /** How long a half-close before a close may take. Default 3 seconds, over TCP 10. */
    readonly linger?: Duration.DurationInput
  }
) => RawDuct = internal.fromConnection

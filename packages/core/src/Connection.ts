/**
 * One end of a connected byte stream. A transport writes a small synchronous {@link Driver}; {@link make} turns it into
 * a {@link Connection}: waiters, busy, stickiness, back-pressure, time-outs and closing are written here, once.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Address } from "./Address.js"
import type { Deadline } from "./Deadline.js"
import type { PollError, ReadError, Unsupported, WriteError } from "./DuctError.js"
import { endOf } from "./internal/end.js"
import * as constants from "./internal/constants.js"
import * as lending from "./internal/lending.js"
import * as sizes from "./internal/sizes.js"

/**
 * Chunks of bytes, in order; at least one, and none of them empty.
 *
 * @since 0.1.0
 * @category models
 */
export type Chunks = Arr.NonEmptyReadonlyArray<Uint8Array>

/**
 * One end of a connected byte stream. `checkTransport` of `@ductworks/testing` proves its laws.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly localAddress: Address
  readonly remoteAddress: Address
  /** The descriptor, where there is one; none once this end is closed. It stays the connection's. */
  readonly fileno: Option.Option<number>
  /**
   * All bytes that are here, waiting for at least one, in arrival order; the caller owns them. Nothing is read from
   * the system before the first `pull`, `readable` or `poll`; afterwards at most a finite read-ahead.
   *
   * At the end of the stream it fails with `RemoteDuctClosed`; the first terminal error is sticky. A second concurrent
   * `pull` fails with `DuctBusy`. Interruption loses no byte.
   */
  readonly pull: Effect.Effect<Chunks, ReadError>
  /**
   * As `pull`, into the caller's memory: at least one byte, at most the buffer's length, at its start; how many. For
   * bytes that would have to be copied otherwise. The buffer is untouched once this is done, failed or interrupted; an
   * empty one gets 0 at once. Bytes that are here already come first. Only where the system can be read so.
   */
  readonly pullInto?: (buffer: Uint8Array) => Effect.Effect<number, ReadError>
  /**
   * What `pull` would give, at once: `undefined` while it would wait, or the reason at the end. For layers that keep what
   * they take, so that no interruption can lose it, and that see to one receiver at a time: this takes no turn. Where the
   * transport spins for a while, it does so up to the deadline at most.
   */
  readonly take: (until?: Deadline) => Chunks | ReadError | undefined
  /** As `take`, into the start of the buffer; how many bytes. There, when `pullInto` is. */
  readonly takeInto?: (buffer: Uint8Array, until?: Deadline) => number | ReadError | undefined
  /** For a layer to which `take` gave nothing: completes when there may be something, or at the deadline. */
  readonly arrival: (until?: Deadline) => Effect.Effect<void>
  /**
   * `arrival`, and then what `next` gives, for a layer that goes on: it is called by whoever ends the wait, where a step of
   * the fiber would cost more. So the fiber may never run it, and what it does must not be lost with that. It does not throw.
   */
  readonly arrivalThen: <A, E>(until: Deadline | undefined, next: () => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /**
   * `arrival` for who has no fiber: true, and `wake` is called once when there may be something; false if there is
   * already. One that nobody needs any more is called when the connection closes, at the latest, or forgotten once the
   * fiber has ended that it was for.
   */
  readonly onArrival: (wake: () => void, fiber?: Fiber.RuntimeFiber<unknown, unknown>) => boolean
  /** Whether `pull` would not wait, at once: bytes are here, or the end. Consumes nothing. */
  readonly isReadable: () => boolean
  /**
   * Completes when `pull` would not wait: bytes are here, or the end, or a reset. Consumes nothing; any number of
   * fibers may wait. Fails with `LocalSocketFault` or `DuctClosed`.
   */
  readonly readable: Effect.Effect<void, PollError>
  /** `readable` for at most `timeout`: whether it completed. Zero does not wait; infinity waits for ever. */
  readonly poll: (timeout: Duration.Duration) => Effect.Effect<boolean, PollError>
  /**
   * Waits FIRST until the pending bytes are under the high-water mark, then takes all chunks at once: a wait that
   * failed, was interrupted, or took longer than `timeout` (`DuctTimeout`) took nothing. Concurrent writers never
   * interleave their chunks. The bytes are borrowed: they must not change before a later `flush` completes.
   *
   * Once the end of the stream was seen it completes after the bytes left (or `timeout` is over), so that a peer that is
   * gone is noticed here (over TCP only once its system has answered, since a peer that is gone looks like one that
   * half-closed); otherwise a failure may appear on the next `write` or `flush`.
   */
  readonly write: (chunks: Chunks, timeout?: Duration.Duration) => Effect.Effect<void, WriteError>
  /**
   * What `write` does when it is run, for layers that are running already: takes the chunks at once unless it has to wait,
   * and returns what is left to be run, which is an Exit when that is nothing.
   */
  readonly offer: (chunks: Chunks, timeout?: Duration.Duration) => Effect.Effect<void, WriteError>
  /**
   * For layers that make their bytes late, many at a time: true, and the source is asked for what it has when the turn of
   * the event loop ends, or before anything else is done with what is written. Until then that counts as pending, and
   * `bytes` more may be added to it, of which none can be refused any more. False if they have to be offered: something of
   * this turn has to leave first, a write would wait, or has failed. Then the source has been asked.
   */
  readonly defer: (source: Deferred, bytes: number) => boolean
  /** What was deferred leaves now. */
  readonly leave: () => void
  /** Bytes that were taken and have not left. */
  readonly pending: () => number
  /** Bytes that have left since the connection was made: what is taken by now has, once this is `left() + pending()`. */
  readonly left: () => number
  /** Completes when everything taken so far was handed to the kernel (or to the other end's buffer). */
  readonly flush: Effect.Effect<void, WriteError>
  /** `flush` for at most so long: whether it completed. */
  readonly flushUntil: (until: Deadline) => Effect.Effect<boolean, WriteError>
  /** Half-close, after all taken bytes: the other end sees the end of the stream and may still send. */
  readonly endWrite: Effect.Effect<void, WriteError | Unsupported>
  /** What leaving the scope with a success does, early: see {@link make}. Idempotent. */
  readonly close: Effect.Effect<void>
  /** Breaks the connection off at once, dropping what was not sent. */
  readonly abort: Effect.Effect<void>
}

/**
 * What a layer that keeps bytes itself needs of a {@link Connection}. Nothing of it costs an Effect unless it waits.
 *
 * @since 0.1.0
 * @category models
 */
export type Line = Pick<
  Connection,
  | "take"
  | "takeInto"
  | "arrival"
  | "arrivalThen"
  | "onArrival"
  | "isReadable"
  | "offer"
  | "defer"
  | "leave"
  | "pending"
  | "left"
  | "flushUntil"
>

/**
 * Bytes that are made when they leave; see `Connection.defer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Deferred {
  /** How many there are by now, as far as that is known before they are made. */
  readonly size: number
  /** Makes them, and has none afterwards. `undefined` if there were none. */
  readonly take: () => Chunks | undefined
}

/**
 * What a transport implements. All functions but `close` are synchronous and never throw; the driver calls `wake` when
 * there is something new to see, and is asked afterwards what it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Driver {
  /** Called once, before anything else. `wake` may be called at any time after, also needlessly. */
  readonly start: (wake: (side: "read" | "write") => void) => void
  /**
   * The bytes that are here, which the caller then owns; `undefined` while there are none; the reason, when there will
   * be no more (`RemoteDuctClosed` at the end). The first call starts reading. One that spins before it says that there
   * are none does so up to the deadline at most, and not again before it has called `wake`.
   */
  readonly take: (until?: Deadline) => Chunks | ReadError | undefined
  /**
   * As `take`, into the start of the buffer, which has at least one byte: how many (never 0). The buffer is only used
   * during the call. Left out where bytes would be copied anyway.
   */
  readonly takeInto?: (buffer: Uint8Array, until?: Deadline) => number | ReadError | undefined
  /**
   * Asked when a wait for bytes is to begin: whether to take once more before. True where that may find what was not here
   * yet, as when the other end goes on meanwhile; not twice in a row, then. Left out where there is nothing to gain.
   */
  readonly isWorthAnother?: () => boolean
  /** Takes the chunks, in order, and lends them from the caller until they left. Wakes the write side when they have. */
  readonly put: (chunks: Chunks) => void
  /**
   * Whether what is put now would not leave before the turn of the event loop ends. Left out where nothing is gained by
   * putting it later.
   */
  readonly isGathering?: () => boolean
  /** Bytes put that have not left. */
  readonly pending: () => number
  /** Why bytes can no longer be put, once that is so. Does not hide bytes that can still be taken. */
  readonly failure: () => WriteError | undefined
  /** Half-close, after all bytes put. Completes when it is done. */
  readonly endWrite: Effect.Effect<void, WriteError | Unsupported>
  /**
   * Closes, and completes when nothing is left. `"linger"`: bytes put leave first (the caller limits the time and comes
   * back with `"now"`); `"now"`: at once; `"reset"`: at once, and the other end sees a reset where the family knows one.
   * May be called again, in any mode.
   */
  readonly close: (mode: "linger" | "now" | "reset") => Effect.Effect<void>
  /**
   * What `close("linger")` does, if that takes no waiting: whether it did, and all is released. May be left out; it
   * spares a short-lived connection the fibers that bound the waiting.
   */
  readonly closeAtOnce?: () => boolean
}

/**
 * What a transport knows of a connection besides its {@link Driver}. None of it changes once the connection is made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Info {
  readonly localAddress: Address
  readonly remoteAddress: Address
  readonly fileno: Option.Option<number>
  /** How long a successful close may wait for taken bytes to leave. */
  readonly linger: Duration.DurationInput
  /** `write` waits while this many bytes have not left. Default {@link defaultHighWaterMark}. */
  readonly highWaterMark?: number | undefined
}

/**
 * 128 KiB: `write` waits while this many bytes have not left.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultHighWaterMark: number = sizes.highWaterMark

/**
 * 128 KiB: how many bytes a transport reads before they are asked for.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultReadAhead = 128 * 1024

/**
 * How long a successful close, and the half-close before it, may wait for taken bytes to leave: 10 seconds over TCP, else 3.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultLinger: (isTcp: boolean) => Duration.Duration = constants.defaultLinger

/**
 * A size as it was asked for, in bytes or in pieces: at least 1, the default where none was given, or what is no number.
 * For the settings of transports, so that an odd value neither hangs nor takes a bound away.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sizeOr: (asked: number | undefined, byDefault: number) => number = sizes.sizeOr

/**
 * Offers chunks whose owner wants them back: completes when they have left, mostly at once. The time-out bounds all of it;
 * after a `DuctTimeout` that came while they were on their way, or an interruption, they may leave later, and must not
 * change until `flush` completes.
 *
 * @since 0.1.0
 * @category writing
 */
export const lend: (line: Line, chunks: Chunks, timeout: Duration.Duration) => Effect.Effect<void, WriteError> =
  lending.lend

/**
 * Completes when what the line has taken by now has left; `DuctTimeout`, which tells of `timeout`, if it had not by then.
 *
 * @since 0.1.0
 * @category writing
 */
export const leftBy: (line: Line, until: Deadline, timeout: Duration.Duration) => Effect.Effect<void, WriteError> =
  lending.leftBy

/**
 * A connection over the driver, which the scope owns from here on. Leaving the scope wakes every waiter with
 * `DuctClosed`. After a success the bytes taken so far get up to `linger` to leave; after a failure or an interruption
 * they are dropped.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (driver: Driver, info: Info): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.scope, (scope) => {
      const end = endOf(driver, info, scope)
      return Effect.as(end.tie(scope), end)
    })
  )

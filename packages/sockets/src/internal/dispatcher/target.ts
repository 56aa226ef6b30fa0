import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Sock } from "../../Sock.js"
import type { AddressError, NameNotResolved } from "../../SocketError.js"

/**
 * What a socket of a target may fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type DispatchError = AddressError | NameNotResolved

/**
 * What happened to a target's socket: it can be read, it can be written, it failed. A connection that stands is
 * `(false, true, none)`; one that stood at once is {@link immediateConnect}, `(true, false, none)`; one that failed, like
 * any failure, is `(true, true, some)`. An event with an error is a target's last.
 *
 * @since 0.1.0
 * @category models
 */
export type DispatchEvent = readonly [readable: boolean, writable: boolean, error: Option.Option<DispatchError>]

/**
 * Which events a target wants, in the order of {@link DispatchEvent}. A failure that it does not want goes to the
 * dispatcher's `onError` instead.
 *
 * @since 0.1.0
 * @category models
 */
export type Filter = readonly [readable: boolean, writable: boolean, error: boolean]

/**
 * Where a target is in its life. The dispatcher makes `"connecting"` to `"connected"` once the event was delivered, and
 * drops what is `"closed"`.
 *
 * @since 0.1.0
 * @category models
 */
export type DispatchState = "new" | "connecting" | "connected" | "listening" | "closed"

/**
 * Who is told of a socket's events. Its fields may change at any time; outside of its own `dispatchEvent` the
 * dispatcher's `wake` makes it look at them.
 *
 * @since 0.1.0
 * @category models
 */
export interface DispatchTarget<out E = never, out R = never> {
  /** What is watched; nothing is while there is none. */
  sock: Sock | undefined
  dispatchState: DispatchState
  filter: Filter
  /** Of a target that connects: completes when the attempt has. `connectTcp` sets it. */
  settled: Effect.Effect<void, DispatchError> | undefined
  /** One event. Others of the same dispatcher wait meanwhile, so it should not wait itself. */
  readonly dispatchEvent: (event: DispatchEvent) => Effect.Effect<void, E, R>
  /** Runs once, after the dispatcher has closed the socket, or has seen that it is closed. */
  readonly socketClosed: Effect.Effect<void, never, R> | undefined
  /**
   * What drivers hold: each is called once the dispatcher has closed the socket, before `socketClosed`. `writeIterable`
   * adds the end of its iterable here while it has one; without a set it only ends with an event.
   */
  readonly releases?: Set<() => void>
}

/**
 * Any target.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyTarget = DispatchTarget<unknown, unknown>

/**
 * The event of a connection that stood at once: `(true, false, none)`, which no other event of a connection is.
 *
 * @since 0.1.0
 * @category constants
 */
export const immediateConnect: DispatchEvent = [true, false, Option.none()]

/**
 * What a new target wants: to read, and failures. Not to write, since an idle socket can be written at any time and its
 * target would be told so for ever: `writeIterable` asks for it while it has something to send.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultFilter: Filter = [true, false, true]

/**
 * What a target may begin with; see {@link DispatchTarget}.
 *
 * @since 0.1.0
 * @category models
 */
export interface TargetOptions<R> {
  /** Default none: `connectTcp` and `listenTcp` set one. */
  readonly sock?: Sock
  /** Default `"connected"` if a socket is given, else `"new"`. */
  readonly dispatchState?: DispatchState
  /** Default {@link defaultFilter}. */
  readonly filter?: Filter
  readonly socketClosed?: Effect.Effect<void, never, R>
}

/**
 * A target of plain fields. Nothing happens before a dispatcher gets it.
 *
 * @param events makes, once, what is told of each event: {@link drive} of drivers, or a function
 * @since 0.1.0
 * @category constructors
 */
export const makeTarget = <E = never, R = never, R2 = never>(
  events: (self: AnyTarget) => (event: DispatchEvent) => Effect.Effect<void, E, R>,
  options: TargetOptions<R2> = {}
): DispatchTarget<E, R | R2> => new Target<E, R | R2>(events, options)

class Target<E, R> implements DispatchTarget<E, R> {
  sock: Sock | undefined
  dispatchState: DispatchState
  filter: Filter
  settled: Effect.Effect<void, DispatchError> | undefined
  readonly socketClosed: Effect.Effect<void, never, R> | undefined
  readonly releases = new Set<() => void>()
  readonly dispatchEvent: (event: DispatchEvent) => Effect.Effect<void, E, R>

  constructor(
    events: (self: AnyTarget) => (event: DispatchEvent) => Effect.Effect<void, E, R>,
    options: TargetOptions<R>
  ) {
    this.sock = options.sock
    this.dispatchState = options.dispatchState ?? (options.sock === undefined ? "new" : "connected")
    this.filter = options.filter ?? defaultFilter
    this.socketClosed = options.socketClosed
    this.dispatchEvent = events(this)
  }
}

/** Wants to be told, or no longer, when the target can be written. */
export const wantWrite = (target: AnyTarget, isWanted: boolean): void => {
  const [readable, writable, error] = target.filter
  if (writable !== isWanted) target.filter = [readable, isWanted, error]
}

import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AnyTarget, DispatchError } from "./target.js"

/**
 * What a dispatcher survived: a target's event or failure, or a hook (`before`, `after`), which has no target.
 *
 * @since 0.1.0
 * @category models
 */
export interface Survived<out E> {
  readonly target: Option.Option<AnyTarget>
  readonly cause: Cause.Cause<E | DispatchError>
}

/**
 * How `iterate` goes on.
 *
 * @since 0.1.0
 * @category models
 */
export interface IterateOptions<E, R> {
  /** Turns at most; a turn waits for events and delivers those that are there. Default: as many as there are. */
  readonly count?: number
  /** How long a turn waits for a first event; without one it ends like any other turn. Default: for ever. */
  readonly timeout?: Duration.DurationInput
  /** Runs before each turn waits. */
  readonly before?: Effect.Effect<unknown, E, R>
  /** Runs after each turn. */
  readonly after?: Effect.Effect<unknown, E, R>
  /** Told of what failed: a target, which is closed then, or a hook. Default: logs it as an error. */
  readonly onError?: (survived: Survived<E>) => Effect.Effect<void, never, R>
}

/** What hears of failures. */
export type OnError<E> = (survived: Survived<E>) => Effect.Effect<void>

/** The default. */
export const logError: OnError<unknown> = ({ cause }) => Effect.logError("a dispatcher's target or hook failed", cause)

/** With every default in place, and without requirements. */
export const provided = <E, R>(
  options: IterateOptions<E, R>,
  context: Context.Context<R>
): Required<IterateOptions<E, never>> => {
  const { after, before, onError } = options
  return {
    count: options.count ?? Infinity,
    timeout: options.timeout ?? Duration.infinity,
    before: Effect.provide(before ?? Effect.void, context),
    after: Effect.provide(after ?? Effect.void, context),
    onError: onError === undefined ? logError : (survived) => Effect.provide(onError(survived), context)
  }
}

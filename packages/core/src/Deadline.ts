/**
 * A point in time, on the clock of the fiber that made it, up to which something may take: for waits in several steps.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export interface Deadline {
  readonly clock: Clock.Clock
  /** Nanoseconds of the clock's monotonic time; `undefined` is never. */
  readonly at: bigint | undefined
}

/**
 * `timeout` from now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (timeout: Duration.Duration): Effect.Effect<Deadline> =>
  Effect.map(Effect.clock, (clock) => ({
    clock,
    at: Option.getOrUndefined(Option.map(Duration.toNanos(timeout), (nanos) => clock.unsafeCurrentTimeNanos() + nanos))
  }))

/**
 * The time left; zero when there is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const remaining = (deadline: Deadline): Duration.Duration => {
  if (deadline.at === undefined) return Duration.infinity
  const nanos = deadline.at - deadline.clock.unsafeCurrentTimeNanos()
  return nanos > 0n ? Duration.nanos(nanos) : Duration.zero
}

/**
 * Whether the time is up.
 *
 * @since 0.1.0
 * @category getters
 */
export const isOver = (deadline: Deadline): boolean =>
  deadline.at !== undefined && deadline.clock.unsafeCurrentTimeNanos() >= deadline.at

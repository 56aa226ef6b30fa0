/**
 * Effects whose result is there already: an `Exit` is an Effect, and whoever is handed one can look at it without running
 * anything. What is per message stays synchronous that way, where it can.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * Whether the Effect is an Exit: its result is there without running anything.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDone = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> =>
  // As `Exit.isExit`, which asks first whether it is an Effect: a look-up by a key that all of a program's values share.
  "_tag" in effect && (effect._tag === "Success" || effect._tag === "Failure")

/**
 * Whether it is a success already, which fails with nothing, whatever the Effect might fail with.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSucceeded = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Success<A, never> =>
  "_tag" in effect && effect._tag === "Success"

/**
 * `flatMap` that stays an Exit where both steps are.
 *
 * @since 0.1.0
 * @category sequencing
 */
export const andThen = <A, E, R, B, E2, R2>(
  first: Effect.Effect<A, E, R>,
  second: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => {
  if (!isDone(first)) return Effect.flatMap(first, second)
  return Exit.isSuccess(first) ? second(first.value) : Exit.failCause(first.cause)
}

/**
 * What `Effect.suspend` of it is when it is run, for who is running already.
 *
 * @since 0.1.0
 * @category sequencing
 */
export const attempted = <A, E, R>(effect: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  try {
    return effect()
  } catch (defect) {
    return Exit.die(defect)
  }
}

/**
 * Calls `end` when the effect is over, at once if it is done. For regions that cannot be interrupted. (`Effect.ensuring`
 * takes its own region, and an Effect for `end`.)
 *
 * @since 0.1.0
 * @category sequencing
 */
export const ending = <A, E, R>(effect: Effect.Effect<A, E, R>, end: () => void): Effect.Effect<A, E, R> => {
  const ended = (exit: Exit.Exit<A, E>): Exit.Exit<A, E> => {
    end()
    return exit
  }
  if (isDone(effect)) return ended(effect)
  return Effect.matchCauseEffect(effect, {
    onFailure: (cause) => ended(Exit.failCause(cause)),
    onSuccess: (value) => ended(Exit.succeed(value))
  })
}

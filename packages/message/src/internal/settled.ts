import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isDone } from "./done.js"

/** The Exit that a synchronous format returned; `undefined` for an Effect that has to be run. */
export const settled = <A, E, R>(effect: Effect.Effect<A, E, R>): Exit.Exit<A, E> | undefined =>
  isDone(effect) ? effect : undefined

/** `flatMap` that stays an Exit where both steps are. */
export const andThen = <A, E, R, B, E2, R2>(
  first: Effect.Effect<A, E, R>,
  second: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => {
  const exit = settled(first)
  if (exit === undefined) return Effect.flatMap(first, second)
  return Exit.isSuccess(exit) ? second(exit.value) : Exit.failCause(exit.cause)
}

/** Every failure and every defect of an Effect that others wrote, as one typed error. Interruption stays. */
export const failWith = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  toError: (thrown: unknown) => E2
): Effect.Effect<A, E2, R> =>
  Effect.catchAllDefect(Effect.mapError(effect, toError), (defect) => Effect.fail(toError(defect)))

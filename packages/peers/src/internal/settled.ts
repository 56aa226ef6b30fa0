import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** Whether the Effect is an Exit: its result is there without running anything. */
export const isDone = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

/** `flatMap` that stays an Exit where both steps are. */
export const andThen = <A, E, R, B, E2, R2>(
  first: Effect.Effect<A, E, R>,
  second: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => {
  if (!isDone(first)) return Effect.flatMap(first, second)
  return Exit.isSuccess(first) ? second(first.value) : Exit.failCause(first.cause)
}

import * as Effect from "effect/Effect"

/** Every failure and every defect of an Effect that others wrote, as one typed error. Interruption stays. */
export const failWith = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  toError: (thrown: unknown) => E2
): Effect.Effect<A, E2, R> =>
  Effect.catchAllDefect(Effect.mapError(effect, toError), (defect) => Effect.fail(toError(defect)))

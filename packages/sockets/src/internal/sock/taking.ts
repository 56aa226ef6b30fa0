import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

// Never leaves this module. (Only a throw gets out of an `Effect.sync` without a value.)
const nothing = new Error("ductworks: there was nothing to take")

/**
 * What the step gives, handed over in the same `Effect.sync`: there is no point in between at which an interruption
 * could drop it. Where it gives nothing, `otherwise` goes on.
 */
export const taking = <A, B, E>(
  step: () => A | undefined,
  otherwise: () => Effect.Effect<B, E>
): Effect.Effect<A | B, E> =>
  Effect.catchAllCause(
    Effect.sync(() => {
      const value = step()
      if (value === undefined) throw nothing
      return value
    }),
    (cause) => (Cause.isDieType(cause) && cause.defect === nothing ? otherwise() : Effect.failCause(cause))
  )

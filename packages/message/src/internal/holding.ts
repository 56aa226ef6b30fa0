import * as Effect from "effect/Effect"
import type { Lock } from "../MessageDuct.js"

/** Runs the effect with the lock, which is released always. The wait for it can be interrupted. */
export const holding = <A, E>(lock: Lock, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(restore(lock.acquire), Effect.ensuring(restore(effect), lock.release))
  )

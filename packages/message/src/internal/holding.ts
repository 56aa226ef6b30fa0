import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Lock } from "../MessageDuct.js"

/**
 * Runs the effect with the lock, which is released always. The wait for it can be interrupted; the acquisition cannot,
 * because an interruption just after its last step would not tell whether the lock is held. So it goes on in a fiber of
 * its own, and what it gets then is released at once.
 */
export const holding = <A, E>(lock: Lock, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(lock.acquire), (acquiring) => {
      const giveBack = Effect.flatMap(Fiber.await(acquiring), (exit) =>
        Exit.isSuccess(exit) ? lock.release : Effect.void
      )
      return restore(Fiber.join(acquiring)).pipe(
        Effect.onInterrupt(() => Effect.forkDaemon(giveBack)),
        Effect.zipRight(Effect.ensuring(restore(effect), lock.release))
      )
    })
  )

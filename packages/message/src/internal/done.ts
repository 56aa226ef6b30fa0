import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** Whether the Effect is an Exit: its result is there without running anything. */
export const isDone = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

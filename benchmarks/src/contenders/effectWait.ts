import { Effect, Exit } from "effect"
import { eachSince, now, type Contender } from "../contender.js"

/** One fiber that does `step` again and again. */
const make = (step: Effect.Effect<void>): Contender => ({
  measure: () => {
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        for (let i = 0; i < count; i++) yield* step
        return eachSince(begun, count)
      })
    return Promise.resolve((count) => Effect.runPromise(round(count)))
  }
})

/** A microtask ends the wait, as the callback of a socket would. */
const soon = (resume: (exit: Exit.Exit<void>) => void): void => queueMicrotask(() => resume(Exit.void))

export const effectSync = make(Effect.sync(() => {}))

export const effectAsync = make(Effect.async<void>(soon))

export const effectAsyncWithCanceller = make(
  Effect.async<void>((resume) => {
    soon(resume)
    return Effect.void
  })
)

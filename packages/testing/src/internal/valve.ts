import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Valve } from "../FaultyTransport.js"

export const makeValve = (): Valve => {
  let isFrozen = false
  const waiting = new Set<() => void>()
  const thawed = Effect.async<void>((resume) => {
    const wake = () => resume(Exit.void)
    waiting.add(wake)
    return Effect.sync(() => waiting.delete(wake))
  })
  return {
    freeze: Effect.sync(() => {
      isFrozen = true
    }),
    thaw: Effect.sync(() => {
      isFrozen = false
      for (const wake of waiting) wake()
      waiting.clear()
    }),
    opened: Effect.suspend(() => (isFrozen ? thawed : Effect.void)),
    thawed
  }
}

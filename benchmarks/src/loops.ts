import { Effect } from "effect"
import type { Laps } from "./figure.js"

/** Again and again, without a turn of the event loop in between, which `Effect.forever` takes after each. */
export const forever = <A, E, R>(body: Effect.Effect<A, E, R>, step: (value: A) => void = () => {}) =>
  Effect.zipRight(Effect.whileLoop({ while: () => true, body: () => body, step }), Effect.never)

/** Trips until the laps are full, and what they came to. */
export const trips = <A, E, R>(trip: Effect.Effect<A, E, R>, laps: Laps) => {
  let isOver = false
  const step = () => {
    isOver = laps.lap()
  }
  return Effect.map(Effect.whileLoop({ while: () => !isOver, body: () => trip, step }), () => laps.figure())
}

import { Wakes } from "@ductworks/core"
import { Effect, Exit, FiberId, Scope } from "effect"
import { endings } from "./contender.js"
import type { Laps } from "./figure.js"

/** As a program does that is provided with a transport's layer, which brings the scheduler along. */
export const run = <A, E>(program: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(program, Wakes.layer))

/** A scope that is left when the measuring process ends. */
export const lasting: Effect.Effect<Scope.CloseableScope> = Effect.tap(Scope.make(), (scope) =>
  Effect.sync(() => endings.push(() => Effect.runPromise(Scope.close(scope, Exit.interrupt(FiberId.none)))))
)

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

/** So often. To be run once, as the next one is. */
export const times = <A, E, R>(count: number, body: () => Effect.Effect<A, E, R>) => {
  let left = count
  const step = () => {
    left -= 1
  }
  return Effect.whileLoop({ while: () => left > 0, body, step })
}

/** Until so much was received, as `receive` says how much each time. */
export const untilReceived = <E, R>(total: number, receive: Effect.Effect<number, E, R>) => {
  let left = total
  const step = (count: number) => {
    left -= count
  }
  return Effect.whileLoop({ while: () => left > 0, body: () => receive, step })
}

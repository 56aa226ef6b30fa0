import { Transport } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { expect, expectFailure, interruptAtRandom, sleep } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { childScope, compare, dropped, listen, open, receive, type Setting } from "./ends.js"
import type { Entry } from "./entry.js"

/** Law 8: one fiber pulls at a time. */
export const turns = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const busy = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const first = yield* Effect.fork(right.pull)
    const watcher = yield* Effect.fork(right.readable)
    yield* Effect.yieldNow()
    yield* expectFailure("a second concurrent pull", right.pull, "DuctBusy")
    yield* expect(watcher.unsafePoll() === null, "readable did not wait beside a pull")
    yield* left.write([new Pattern(seed).next(10)])
    const arrived = new Pattern(seed)
    yield* compare(arrived, yield* Fiber.join(first))
    yield* receive(right, arrived, 10)
    // Once the bytes are gone, the watcher may wait for more.
    yield* left.write([Uint8Array.of(1)])
    yield* Fiber.join(watcher)
  })

  const turnIsFreed = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    for (let i = 0; i < 20; i++) {
      const waiting = yield* Effect.fork(right.pull)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(waiting)
    }
    yield* left.write([new Pattern(seed).next(10)])
    yield* receive(right, new Pattern(seed), 10)
  })

  return [
    [8, "a second concurrent pull fails DuctBusy and disturbs nobody", busy],
    [8, "an interrupted pull gives its turn back", turnIsFreed]
  ]
}

/** Law 9: what the probe counts returns to where it was. */
export const leftovers = (setting: Setting, probe: Effect.Effect<number>): Entry => {
  const cycle = (random: Random) =>
    Effect.gen(function* () {
      const { closeLeft, closeRight, left, right } = yield* open(setting, { linger: Duration.millis(20) })
      yield* left.write([new Uint8Array(100)])
      switch (random.below(5)) {
        case 0:
          yield* right.pull
          break
        case 1:
          yield* left.abort
          break
        case 2:
          yield* right.abort
          break
        case 3:
          yield* interruptAtRandom(Effect.forever(right.pull), random)
          break
        default:
          yield* interruptAtRandom(Effect.forever(left.write([new Uint8Array(100_000)])), random)
      }
      yield* closeLeft(random.below(2) === 0 ? Exit.void : dropped)
      yield* closeRight(random.below(2) === 0 ? Exit.void : dropped)
    }).pipe(Effect.scoped)

  const abandoned = (random: Random) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const listener = yield* listen(setting)
      const scope = yield* childScope
      yield* interruptAtRandom(transport.connect(listener.address).pipe(Scope.extend(scope)), random)
      yield* interruptAtRandom(listener.accept.pipe(Scope.extend(scope)), random)
    }).pipe(Effect.scoped)

  const round = (random: Random) =>
    setting.cannot("listen") ? cycle(random) : Effect.zipRight(cycle(random), abandoned(random))

  const body = Effect.gen(function* () {
    const random = new Random(setting.seed)
    // Warm-up: what is made once is not left over.
    for (let i = 0; i < 10; i++) yield* round(random)
    const before = yield* probe
    for (let i = 0; i < 60; i++) yield* round(random)
    // A system may close a little later than it says.
    let now = yield* probe
    for (let tries = 0; now > before && tries < 200; tries++) {
      yield* sleep(10)
      now = yield* probe
    }
    yield* expect(now <= before, () => `${now - before} more are open than before 60 connections came and went`)
  })
  return [9, "nothing stays", body]
}

import { DuctError, Exclusive } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"

/** A queue of one taker: waits for a number, in two steps as connections do. */
const makeBox = () => {
  const turn = new Exclusive.Exclusive("take")
  const values: Array<number> = []
  let wake = Effect.runSync(Deferred.make<void>())
  const take: Effect.Effect<number | undefined, DuctError.DuctBusy> = turn.run(() =>
    values.length > 0 ? turn.commit(() => values.shift()) : Effect.flatMap(Deferred.await(wake), () => take)
  )
  const put = (value: number) =>
    Effect.suspend(() => {
      values.push(value)
      const waiting = wake
      wake = Effect.runSync(Deferred.make<void>())
      return Deferred.succeed(waiting, undefined)
    })
  return { take, put, turn }
}

describe("Exclusive", () => {
  it.effect("a second fiber fails DuctBusy while the first one waits, and not after", () =>
    Effect.gen(function* () {
      const { put, take } = makeBox()
      const first = yield* Effect.fork(take)
      yield* Effect.yieldNow()
      const error = yield* Effect.flip(take)
      assert.instanceOf(error, DuctError.DuctBusy)
      assert.strictEqual(error.operation, "take")
      yield* put(1)
      assert.strictEqual(yield* Fiber.join(first), 1)
      yield* put(2)
      assert.strictEqual(yield* take, 2)
    })
  )

  it.effect("a fiber that was interrupted, or has ended, has lost the turn", () =>
    Effect.gen(function* () {
      const { put, take } = makeBox()
      const first = yield* Effect.fork(take)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      const second = yield* Effect.fork(take)
      yield* Effect.yieldNow()
      yield* put(1)
      assert.strictEqual(yield* Fiber.join(second), 1)
    })
  )

  it.effect("a fiber that is interrupted and still cleans up does not hold up the next", () =>
    Effect.gen(function* () {
      const { put, take } = makeBox()
      const released = yield* Deferred.make<void>()
      const first = yield* Effect.fork(Effect.ensuring(take, Deferred.await(released)))
      yield* Effect.yieldNow()
      const interrupting = yield* Effect.fork(Fiber.interrupt(first))
      // One step to ask for the interruption, one to begin it.
      yield* Effect.yieldNow()
      yield* Effect.yieldNow()
      yield* put(1)
      assert.strictEqual(yield* take, 1)
      yield* Deferred.succeed(released, undefined)
      yield* Fiber.join(interrupting)
    })
  )

  it.effect("fail gives the turn back", () =>
    Effect.gen(function* () {
      const { turn } = makeBox()
      const failing = turn.run(() => turn.fail(Exit.fail("no")))
      const other = yield* Effect.fork(Effect.zipRight(Effect.exit(failing), Effect.never))
      yield* Effect.yieldNow()
      assert.strictEqual(yield* Effect.flip(failing), "no")
      yield* Fiber.interrupt(other)
    })
  )

  it.effect("what was committed reaches the next step however often the fiber is made to pause", () =>
    Effect.gen(function* () {
      const { put, take } = makeBox()
      const got: Array<number | undefined> = []
      let put_ = 0
      for (let pause = 10; pause < 60; pause++) {
        const taker = yield* Effect.fork(
          take.pipe(
            Effect.flatMap((value) => {
              got.push(value)
              return Exit.void
            }),
            Effect.forever,
            Effect.withMaxOpsBeforeYield(pause)
          )
        )
        for (let i = 0; i < 5; i++) {
          yield* put(put_++)
          yield* Effect.yieldNow()
        }
        yield* Fiber.interrupt(taker)
      }
      while (got.length < put_) got.push(yield* take)
      assert.deepStrictEqual(
        got,
        Array.from({ length: put_ }, (_, index) => index)
      )
    })
  )
})

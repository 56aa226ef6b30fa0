import { Deadline, Gate } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Option, TestClock } from "effect"
import { atEveryPoint } from "@ductworks/testing/Interruption"

describe("Gate", () => {
  it.effect("lets one in at a time, and everybody in the end", () =>
    Effect.gen(function* () {
      const gate = new Gate.Gate()
      let inside = 0
      let most = 0
      const visit = gate.run(
        Effect.gen(function* () {
          most = Math.max(most, ++inside)
          yield* Effect.yieldNow()
          inside--
        })
      )
      yield* Effect.replicateEffect(visit, 100, { concurrency: "unbounded" })
      assert.deepStrictEqual([inside, most], [0, 1])
    })
  )

  it.effect("stays usable wherever a visitor, inside or waiting, is interrupted", () =>
    Effect.gen(function* () {
      for (const isTaken of [false, true]) {
        yield* atEveryPoint((interrupted) =>
          Effect.gen(function* () {
            const gate = new Gate.Gate()
            const visit = gate.run(Effect.yieldNow())
            const first = yield* Effect.fork(isTaken ? gate.run(Effect.zipRight(visitLong, visitLong)) : Effect.void)
            yield* Effect.yieldNow()
            yield* interrupted(visit)
            yield* Fiber.join(first)
            yield* visit
          })
        )
      }
    })
  )

  it.effect("passes failures on, and lets the next one in after them", () =>
    Effect.gen(function* () {
      const gate = new Gate.Gate()
      assert.strictEqual(yield* Effect.flip(gate.run(Effect.fail("no"))), "no")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(gate.run(Effect.die("oh")))))
      assert.strictEqual(yield* gate.run(Effect.succeed(1)), 1)
    })
  )
})

const visitLong = Effect.yieldNow().pipe(Effect.repeatN(3))

describe("Deadline.within", () => {
  it.effect("is none when the time is up, also where the caller cannot be interrupted", () =>
    Effect.gen(function* () {
      let isStopped = false
      const endless = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (isStopped = true)))
      const until = yield* Deadline.make(Duration.seconds(2))
      const waiting = yield* Effect.fork(Effect.uninterruptible(Deadline.within(endless, until)))
      yield* TestClock.adjust("1999 millis")
      assert.isNull(waiting.unsafePoll())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(waiting), Option.none())
      assert.isTrue(isStopped)
    })
  )

  it.effect("gives the success or the failure in time, also in the very moment", () =>
    Effect.gen(function* () {
      const now = yield* Deadline.make(Duration.zero)
      const never = yield* Deadline.make(Duration.infinity)
      for (const until of [now, never]) {
        assert.deepStrictEqual(yield* Deadline.within(Effect.succeed(1), until), Option.some(1))
        assert.strictEqual(yield* Effect.flip(Deadline.within(Effect.fail("no"), until)), "no")
      }
    })
  )

  it.effect("can be interrupted at every point, and ends what it began", () =>
    Effect.gen(function* () {
      let running = 0
      const counted = Effect.acquireUseRelease(
        Effect.sync(() => running++),
        () => Effect.zipRight(Effect.yieldNow(), Effect.yieldNow()),
        () => Effect.sync(() => running--)
      )
      const until = yield* Deadline.make(Duration.seconds(60))
      const points = yield* atEveryPoint((interrupted) =>
        Effect.map(interrupted(Deadline.within(counted, until)), () => assert.strictEqual(running, 0))
      )
      assert.isAbove(points, 10)
    })
  )
})

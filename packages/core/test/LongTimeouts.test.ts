import { Deadline, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Option, TestClock } from "effect"
import { bytes, over, text } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

/** The clock of the test, which sleeps for ever where timers of JavaScript cannot count that far, as the real one does. */
const limited = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.clockWith((clock) =>
    Effect.withClock(effect, {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
      currentTimeMillis: clock.currentTimeMillis,
      currentTimeNanos: clock.currentTimeNanos,
      sleep: (duration) => (Duration.toMillis(duration) > 2 ** 31 - 1 ? Effect.never : clock.sleep(duration))
    })
  )

describe("long time-outs", () => {
  for (const timeout of [Number.MAX_VALUE, 2 ** 53, Duration.nanos(10n ** 400n)]) {
    over(`DW-5 DW-12 DW-18 a time-out may be as long as ${Duration.toMillis(timeout)} milliseconds`, (kind) =>
      Effect.gen(function* () {
        const parent = yield* RawDuct.parent({ ...kind.anywhere, timeout })
        const child = yield* RawDuct.child({ address: yield* parent.bind() })
        const listening = yield* Effect.fork(parent.listen(timeout))
        yield* child.connect()
        assert.isTrue(yield* Fiber.join(listening))
        const polling = yield* Effect.fork(parent.poll(timeout))
        yield* child.sendAll(bytes("in time"))
        assert.isTrue(yield* Fiber.join(polling))
        assert.strictEqual(text(yield* parent.recvExact(7)), "in time")
      })
    )
  }

  it.scoped("DW-5 DW-12 a wait of a month ends, though no timer counts that far (memory)", () =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent()
      const [left] = yield* RawDuct.pair()
      const listening = yield* Effect.fork(limited(parent.listen("30 days")))
      const polling = yield* Effect.fork(limited(left.poll("30 days")))
      yield* TestClock.adjust("29 days")
      assert.deepStrictEqual([listening.unsafePoll(), polling.unsafePoll()], [null, null])
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual([yield* Fiber.join(listening), yield* Fiber.join(polling)], [false, false])
    }).pipe(memory)
  )

  it.scoped("a month within which something is to be done ends, too", () =>
    Effect.gen(function* () {
      const waiting = Effect.flatMap(Deadline.make(Duration.days(30)), (month) => Deadline.within(Effect.never, month))
      const within = yield* Effect.fork(limited(waiting))
      yield* TestClock.adjust("29 days")
      assert.isNull(within.unsafePoll())
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(yield* Fiber.join(within), Option.none())
    })
  )
})

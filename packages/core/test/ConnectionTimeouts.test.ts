import { Deadline, DuctError } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, TestClock } from "effect"
import { Waiters } from "../src/internal/waiters.js"
import { Watchdog } from "../src/internal/watchdog.js"

class Watched extends Waiters {
  constructor(protected readonly watchdog: Watchdog) {
    super()
  }
}

const pair = MemoryTransport.make().pair
const liveClock = Clock.make()

describe("time-outs of a connection", () => {
  it.scoped("DW-12 poll(0) does not block, poll(t) is false after t, poll(infinity) waits", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      assert.isFalse(yield* left.poll(Duration.zero))
      const timed = yield* Effect.fork(left.poll(Duration.seconds(60)))
      const endless = yield* Effect.fork(left.poll(Duration.infinity))
      yield* TestClock.adjust(Duration.millis(59_999))
      assert.isNull(timed.unsafePoll())
      yield* TestClock.adjust(Duration.millis(1))
      assert.isFalse(yield* Fiber.join(timed))
      yield* TestClock.adjust(Duration.days(365))
      assert.isNull(endless.unsafePoll())
      yield* right.write([Uint8Array.of(1)])
      assert.isTrue(yield* Fiber.join(endless))
      assert.isTrue(yield* left.poll(Duration.zero))
      assert.isTrue(yield* left.poll(Duration.seconds(1)))
    })
  )

  it.scoped("DW-12 polls that begin together each end at their own time", () =>
    Effect.gen(function* () {
      const [left] = yield* pair()
      for (const order of [
        [1, 2, 3],
        [3, 2, 1],
        [2, 3, 1]
      ]) {
        const waits = yield* Effect.forEach(order, (seconds) =>
          Effect.map(Effect.fork(left.poll(Duration.seconds(seconds))), (fiber) => ({ seconds, fiber }))
        )
        for (const now of [1, 2, 3]) {
          yield* TestClock.adjust(Duration.seconds(1))
          for (const { fiber, seconds } of waits) {
            assert.strictEqual(fiber.unsafePoll() !== null, seconds <= now, `${seconds} s at ${now} s, order ${order}`)
          }
        }
      }
    })
  )

  it.scoped("DW-11 flushUntil says whether all had left by then, also where nothing can be interrupted", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      const much = new Uint8Array(4 * 1024 * 1024)
      assert.isTrue(yield* left.flushUntil(yield* Deadline.make(Duration.zero)))
      yield* left.write([much])
      assert.isFalse(yield* left.flushUntil(yield* Deadline.make(Duration.zero)))
      const until = yield* Deadline.make(Duration.seconds(3))
      const late = yield* Effect.fork(Effect.uninterruptible(left.flushUntil(until)))
      yield* TestClock.adjust(Duration.millis(2999))
      assert.isNull(late.unsafePoll())
      yield* TestClock.adjust(Duration.millis(1))
      assert.isFalse(yield* Fiber.join(late))
      const inTime = yield* Effect.fork(left.flushUntil(yield* Deadline.make(Duration.seconds(3))))
      for (let received = 0; received < much.length;) {
        for (const chunk of yield* right.pull) received += chunk.length
      }
      assert.isTrue(yield* Fiber.join(inTime))
      yield* left.abort
      assert.strictEqual((yield* Effect.flip(left.flushUntil(until)))._tag, "DuctClosed")
    })
  )

  it.scoped("a wait on another clock does not take this clock's time-outs along", () =>
    Effect.gen(function* () {
      const [left] = yield* pair()
      const live = yield* Effect.fork(left.poll(Duration.millis(30)).pipe(Effect.withClock(liveClock)))
      yield* Effect.yieldNow()
      const test = yield* Effect.fork(left.poll(Duration.seconds(5)))
      yield* Effect.yieldNow()
      assert.isFalse(yield* Fiber.join(live))
      assert.isNull(test.unsafePoll())
      yield* TestClock.adjust(Duration.seconds(5))
      assert.isFalse(yield* Fiber.join(test))
    })
  )

  it.scoped("a write that waits longer than its time-out fails DuctTimeout and took nothing", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair({ highWaterMark: 10 })
      const full = new Uint8Array(MemoryTransport.defaultCapacity + 10)
      yield* left.write([full])
      const write = yield* Effect.fork(Effect.flip(left.write([Uint8Array.of(7)], Duration.seconds(30))))
      yield* TestClock.adjust(Duration.seconds(30))
      const error = yield* Fiber.join(write)
      assert.instanceOf(error, DuctError.DuctTimeout)
      assert.strictEqual(error.operation, "send")
      assert.deepStrictEqual(error.timeout, Duration.seconds(30))
      let received = 0
      while (received < full.length) received += (yield* right.pull).reduce((sum, chunk) => sum + chunk.length, 0)
      assert.strictEqual(received, full.length)
      assert.isFalse(yield* right.poll(Duration.zero))
    })
  )

  it.scoped("waits that timed out or were interrupted leave nothing behind", () =>
    Effect.gen(function* () {
      const waiters = new Watched(new Watchdog(yield* Effect.scope))
      const never = () => false
      const until = { clock: yield* Effect.clock, at: 1_000_000_000n }
      const timed = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.fork(waiters.wait(never, until)))
      yield* Effect.yieldNow()
      assert.strictEqual(waiters.size, 100)
      yield* TestClock.adjust(Duration.seconds(1))
      yield* Fiber.joinAll(timed)
      assert.strictEqual(waiters.size, 0)
      for (let i = 0; i < 1000; i++) {
        const fiber = yield* Effect.fork(waiters.wait(never, undefined))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
      }
      assert.isAtMost(waiters.size, 64)
    })
  )
})

import { DuctError } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, FiberId, Scope, TestClock } from "effect"
import { scripted } from "./support/scripted.js"

const one = [Uint8Array.of(1)] as const
const closed = new DuctError.RemoteDuctClosed({})
const reset = new DuctError.RemoteDuctReset({})
const fault = new DuctError.LocalSocketFault({ operation: "recv", code: "EIO" })
const epipe = new DuctError.RemoteDuctClosed({ code: "EPIPE" })

describe("Connection.make: reading", () => {
  it.scoped("reads nothing before it is asked", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      driver.arrive(one)
      assert.deepStrictEqual(driver.calls, ["start"])
      assert.deepStrictEqual(yield* connection.pull, one)
    })
  )

  it.scoped("a needless wake wakes nobody for good, and none is lost", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      const pull = yield* Effect.fork(connection.pull)
      const watchers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(connection.readable))
      yield* Effect.yieldNow()
      for (let i = 0; i < 3; i++) {
        driver.wake("read")
        yield* Effect.yieldNow()
      }
      assert.isNull(pull.unsafePoll())
      driver.arrive(one)
      driver.wake("read")
      assert.deepStrictEqual(yield* Fiber.join(pull), one)
      driver.arrive(one)
      yield* Fiber.joinAll(watchers)
    })
  )

  it.effect("who waits without a fiber is called once, at the latest when the connection closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { connection, driver } = yield* Scope.extend(scripted(), scope)
      let calls = 0
      const wake = () => calls++
      assert.isTrue(connection.onArrival(wake))
      driver.arrive(one)
      assert.strictEqual(calls, 1)
      driver.wake("read")
      assert.strictEqual(calls, 1)
      assert.isFalse(connection.onArrival(wake), "bytes are here")
      assert.deepStrictEqual(connection.take(), one)
      assert.isTrue(connection.onArrival(wake))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(calls, 2)
      assert.isFalse(connection.onArrival(wake), "the end is here")
    })
  )

  it.scoped("bytes that come between looking and waiting are seen", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      for (let pause = 10; pause < 40; pause++) {
        const pull = yield* Effect.fork(Effect.withMaxOpsBeforeYield(connection.pull, pause))
        yield* Effect.yieldNow()
        driver.arrive(one)
        assert.deepStrictEqual(yield* Fiber.join(pull), one)
      }
    })
  )

  it.scoped("DW-12 an end or a reset is readable; a fault of this side is a failure", () =>
    Effect.gen(function* () {
      for (const end of [closed, reset]) {
        const { connection, driver } = yield* scripted()
        driver.arrive(end)
        yield* connection.readable
        assert.isTrue(yield* connection.poll(Duration.zero))
        assert.strictEqual(yield* Effect.flip(connection.pull), end)
        assert.strictEqual(yield* Effect.flip(connection.pull), end)
        assert.isTrue(yield* connection.poll(Duration.zero))
      }
      const { connection, driver } = yield* scripted()
      driver.arrive(fault)
      assert.strictEqual(yield* Effect.flip(connection.readable), fault)
      assert.strictEqual(yield* Effect.flip(connection.poll(Duration.zero)), fault)
      assert.strictEqual(yield* Effect.flip(connection.pull), fault)
    })
  )

  it.scoped("a poll whose time is over while bytes arrive says true", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      const poll = yield* Effect.fork(connection.poll(Duration.seconds(1)))
      yield* Effect.yieldNow()
      yield* Effect.fork(TestClock.adjust(Duration.seconds(1)))
      driver.arriving.push(one)
      assert.isTrue(yield* Fiber.join(poll))
    })
  )
})

describe("Connection.make: writing", () => {
  it.scoped("waits at the high-water mark, then takes all chunks at once", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted({ highWaterMark: 4 })
      yield* connection.write([new Uint8Array(100)])
      const write = yield* Effect.fork(connection.write([Uint8Array.of(1), Uint8Array.of(2)]))
      yield* Effect.yieldNow()
      driver.leave(96)
      yield* Effect.yieldNow()
      assert.isNull(write.unsafePoll())
      driver.leave(1)
      yield* Fiber.join(write)
      assert.deepStrictEqual(driver.written.slice(1), [Uint8Array.of(1), Uint8Array.of(2)])
      assert.strictEqual(connection.pending(), 5)
    })
  )

  it.scoped("a flush waits for what was taken before it, not for what is taken after", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      yield* connection.flush
      yield* connection.write([new Uint8Array(10)])
      const flush = yield* Effect.fork(connection.flush)
      yield* Effect.yieldNow()
      yield* connection.write([new Uint8Array(5)])
      driver.leave(9)
      yield* Effect.yieldNow()
      assert.isNull(flush.unsafePoll())
      driver.leave(1)
      yield* Fiber.join(flush)
      assert.strictEqual(connection.pending(), 5)
    })
  )

  it.scoped("a failure ends waiting writes and flushes, and is sticky", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted({ highWaterMark: 1 })
      yield* connection.write(one)
      const waits = yield* Effect.forEach(
        [connection.write(one), connection.write(one, Duration.infinity), connection.flush],
        (wait) => Effect.fork(Effect.flip(wait))
      )
      yield* Effect.yieldNow()
      driver.break(epipe)
      for (const wait of waits) assert.strictEqual(yield* Fiber.join(wait), epipe)
      assert.strictEqual(yield* Effect.flip(connection.write(one)), epipe)
      assert.strictEqual(yield* Effect.flip(connection.endWrite), epipe)
      assert.strictEqual(driver.written.length, 1)
      // What can still be read is not hidden.
      driver.arrive(one, closed)
      assert.deepStrictEqual(yield* connection.pull, one)
      assert.strictEqual(yield* Effect.flip(connection.pull), closed)
    })
  )

  it.scoped("DW-35 once the end was seen, a write waits until its bytes have left, for its time-out at most", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      driver.arrive(closed)
      yield* Effect.flip(connection.pull)
      const write = yield* Effect.fork(connection.write(one))
      const bounded = yield* Effect.fork(connection.write(one, Duration.seconds(30)))
      yield* TestClock.adjust(Duration.millis(29_999))
      assert.isNull(write.unsafePoll())
      assert.isNull(bounded.unsafePoll())
      yield* TestClock.adjust(Duration.millis(1))
      yield* Fiber.join(bounded)
      driver.break(epipe)
      assert.strictEqual(yield* Effect.flip(Fiber.join(write)), epipe)
    })
  )

  it.scoped("endWrite ends this side's writing, and waiting writes with it", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted({ highWaterMark: 1 })
      yield* connection.write(one)
      const write = yield* Effect.fork(Effect.flip(connection.write(one)))
      yield* Effect.yieldNow()
      yield* connection.endWrite
      assert.instanceOf(yield* Fiber.join(write), DuctError.DuctClosed)
      assert.instanceOf(yield* Effect.flip(connection.write(one)), DuctError.DuctClosed)
      assert.strictEqual(driver.written.length, 1)
      driver.arrive(one)
      assert.deepStrictEqual(yield* connection.pull, one)
    })
  )
})

describe("Connection.make: closing", () => {
  const closing = (exit: Exit.Exit<unknown, unknown>, lingering?: Effect.Effect<void>, linger?: Duration.Duration) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { driver } = yield* scripted(linger === undefined ? {} : { linger }).pipe(Scope.extend(scope))
      if (lingering !== undefined) driver.lingering = lingering
      yield* Scope.close(scope, exit)
      return driver.calls.slice(1)
    })

  it.effect("DW-15 success lingers, failure and interruption do not", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* closing(Exit.void), ["linger", "now"])
      assert.deepStrictEqual(yield* closing(Exit.fail("no")), ["now"])
      assert.deepStrictEqual(yield* closing(Exit.die("no")), ["now"])
      assert.deepStrictEqual(yield* closing(Exit.interrupt(FiberId.none)), ["now"])
    })
  )

  it.effect("DW-17 a linger ends in real time, under a TestClock that nobody moves", () =>
    Effect.gen(function* () {
      const clock = Clock.make()
      const begin = clock.unsafeCurrentTimeNanos()
      assert.deepStrictEqual(yield* closing(Exit.void, Effect.never, Duration.millis(30)), ["linger", "now"])
      const millis = Number(clock.unsafeCurrentTimeNanos() - begin) / 1e6
      assert.isAtLeast(millis, 25)
      assert.isAtMost(millis, 2000)
    })
  )

  it.scoped("a finalizer stops the fiber that serves time-outs", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { connection } = yield* scripted().pipe(Scope.extend(scope))
      const poll = yield* Effect.fork(Effect.flip(connection.poll(Duration.hours(1))))
      yield* Effect.yieldNow()
      yield* Effect.yieldNow()
      assert.strictEqual((yield* TestClock.sleeps()).length, 1)
      yield* Scope.close(scope, Exit.void)
      assert.instanceOf(yield* Fiber.join(poll), DuctError.DuctClosed)
    })
  )
})

import type { Connection } from "@ductworks/core"
import { defaultHighWaterMark } from "@ductworks/core/Connection"
import type { Transport } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { expect, expectFailure, problem, stable } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { compare, open, receive, type Setting, transmit } from "./ends.js"
import type { Entry } from "./entry.js"

const piece = 16 * 1024

/** A fiber that writes for ever, and how many bytes it was allowed to hand over so far. */
interface Flood {
  readonly fiber: Fiber.RuntimeFiber<never, unknown>
  readonly accepted: () => number
}

/** `read`: bytes that the other end has read, which do not count against the limit. */
const flood = (
  setting: Setting,
  connection: Connection.Connection,
  pattern: Pattern,
  read: () => number
): Effect.Effect<Flood, never, Scope.Scope> =>
  Effect.gen(function* () {
    let accepted = 0
    const write = Effect.suspend((): Effect.Effect<void, unknown> => {
      const chunk = pattern.next(piece)
      return Effect.flatMap(connection.write([chunk]), () => {
        accepted += piece
        return expect(
          accepted - read() <= setting.maxAcceptedBytes,
          `the writer of a stalled reader could hand over more than ${setting.maxAcceptedBytes} bytes`
        )
      })
    })
    const fiber = yield* Effect.forkScoped(Effect.forever(write))
    return { fiber, accepted: () => accepted }
  })

/** Floods until no write goes on any more, and says how many bytes were handed over. */
export const floodUntilStalled = (
  setting: Setting,
  connection: Connection.Connection,
  pattern: Pattern,
  read: () => number = () => 0
): Effect.Effect<Flood & { readonly total: number }, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const flooding = yield* flood(setting, connection, pattern, read)
    const total = yield* stable(flooding.accepted)
    const exit = flooding.fiber.unsafePoll()
    if (exit !== null) return yield* exit
    return { ...flooding, total }
  })

/** Law 4: back-pressure in both directions, end to end. And time-outs, which need a writer that waits. */
export const pressure = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const stalled = (pullsFirst: boolean) =>
    Effect.gen(function* () {
      const ends = yield* open(setting)
      // Both directions at once: each end writes, neither reads.
      for (const [writer, reader] of [
        [ends.left, ends.right],
        [ends.right, ends.left]
      ] as const) {
        const arrived = new Pattern(seed)
        const sent = new Pattern(seed)
        if (pullsFirst) {
          yield* writer.write([sent.next(1)])
          yield* receive(reader, arrived, 1)
        }
        const { fiber, total } = yield* floodUntilStalled(setting, writer, sent, () => arrived.offset)
        yield* expect(
          writer.pending() < defaultHighWaterMark + piece,
          () => `${writer.pending()} bytes are pending, over the high-water mark of ${defaultHighWaterMark}`
        )
        // The reader goes on, and so does the writer.
        const more = total + (pullsFirst ? 1 : 0) + 4 * piece
        while (arrived.offset < more) yield* compare(arrived, yield* reader.pull)
        const exit = fiber.unsafePoll()
        if (exit !== null) return yield* exit
        yield* Fiber.interrupt(fiber)
      }
    })

  const bothStalled = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const sent = new Pattern(seed)
    const back = new Pattern(seed + 1)
    const one = yield* floodUntilStalled(setting, left, sent)
    const other = yield* floodUntilStalled(setting, right, back)
    yield* Fiber.interrupt(one.fiber)
    yield* Fiber.interrupt(other.fiber)
    yield* Effect.all(
      [receive(right, new Pattern(seed), one.total), receive(left, new Pattern(seed + 1), other.total)],
      { concurrency: "unbounded", discard: true }
    )
  })

  const slowReader = Effect.gen(function* () {
    const { left, right } = yield* open(setting, { highWaterMark: 8192 })
    const total = 600_000
    const random = new Random(seed)
    const read = Effect.gen(function* () {
      const arrived = new Pattern(seed)
      while (arrived.offset < total) {
        for (let i = random.below(20); i > 0; i--) yield* Effect.yieldNow()
        yield* compare(arrived, yield* right.pull)
      }
    })
    yield* Effect.all([transmit(left, new Pattern(seed), total, new Random(seed), 10_000), read], {
      concurrency: "unbounded",
      discard: true
    })
  })

  const flushWaits = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const { fiber, total } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* Fiber.interrupt(fiber)
    const flush = yield* Effect.fork(left.flush)
    yield* stable(() => (flush.unsafePoll() === null ? 0 : 1))
    if (left.pending() > 0 && flush.unsafePoll() !== null) return yield* problem("flush completed with bytes pending")
    yield* receive(right, new Pattern(seed), total)
    yield* Fiber.join(flush)
    yield* expect(left.pending() === 0, `flush completed with ${left.pending()} bytes pending`)
  })

  const writeTimesOut = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const { fiber, total } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* Fiber.interrupt(fiber)
    const timeout = Duration.seconds(30)
    const write = yield* Effect.fork(expectFailure("write", left.write([new Uint8Array(9)], timeout), "DuctTimeout"))
    yield* TestClock.adjust(Duration.millis(29_999))
    yield* expect(write.unsafePoll() === null, "write did not wait for its time-out")
    yield* TestClock.adjust(Duration.millis(1))
    yield* Fiber.join(write)
    yield* expectFailure("write with no time", left.write([new Uint8Array(9)], Duration.zero), "DuctTimeout")
    yield* receive(right, new Pattern(seed), total)
    yield* left.flush
    yield* stable(() => 0)
    yield* expect(!(yield* right.poll(Duration.zero)), "a write that timed out was taken")
  })

  const pollTimesOut = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const polls = yield* Effect.forEach([1, 3, 2], (seconds) =>
      Effect.map(Effect.fork(right.poll(Duration.seconds(seconds))), (fiber) => ({ seconds, fiber }))
    )
    const endless = yield* Effect.fork(right.poll(Duration.infinity))
    for (const now of [1, 2, 3]) {
      yield* TestClock.adjust(Duration.seconds(1))
      for (const { fiber, seconds } of polls) {
        yield* expect(
          (fiber.unsafePoll() !== null) === seconds <= now,
          `poll(${seconds} s) was ${fiber.unsafePoll() === null ? "waiting" : "over"} after ${now} s`
        )
      }
    }
    for (const { fiber } of polls) yield* expect(!(yield* Fiber.join(fiber)), "poll was true with nothing here")
    yield* TestClock.adjust(Duration.days(30))
    yield* expect(endless.unsafePoll() === null, "poll(infinity) did not wait")
    yield* left.write([Uint8Array.of(1)])
    yield* expect(yield* Fiber.join(endless), "poll(infinity) was false")
  })

  return [
    [4, "a reader that never read stalls the writer, and both go on", stalled(false)],
    [4, "a reader that stopped reading stalls the writer, and both go on", stalled(true)],
    [4, "two ends that write and do not read both stall", bothStalled],
    [4, "a slow reader gets everything", slowReader],
    [4, "flush waits until the bytes have left", flushWaits],
    [4, "a write that waits too long fails DuctTimeout and took nothing", underTestClock(writeTimesOut)],
    [4, "poll ends at its own time, or never", underTestClock(pollTimesOut)]
  ]
}

/** With a TestClock of its own, whatever clock the program has. */
export const underTestClock = <R>(self: Effect.Effect<void, unknown, R>): Effect.Effect<void, unknown, R | Transport> =>
  Effect.provide(self, TestContext.TestContext)

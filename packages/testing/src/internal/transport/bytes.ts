import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { eventually, expect, expectFailure, problem } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { expectEnd, open, receive, type Setting, size, transmit } from "./ends.js"
import type { Entry } from "./entry.js"

/** Laws 1 to 3: order and wholeness, data before the end, half-close. */
export const bytes = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const bothWays = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const random = new Random(seed)
    yield* Effect.all(
      [
        transmit(left, new Pattern(seed), setting.bytes, new Random(random.below(1e9))),
        transmit(right, new Pattern(seed + 1), setting.bytes, new Random(random.below(1e9))),
        receive(right, new Pattern(seed), setting.bytes),
        receive(left, new Pattern(seed + 1), setting.bytes)
      ],
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.all([left.flush, right.flush], { discard: true })
    yield* expect(left.pending() === 0 && right.pending() === 0, "flush completed with bytes pending")
  })

  const byteByByte = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const total = 20_000
    yield* Effect.all(
      [transmit(left, new Pattern(seed), total, new Random(seed), 1), receive(right, new Pattern(seed), total)],
      { concurrency: "unbounded", discard: true }
    )
  })

  const borrowed = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const buffer = new Uint8Array(200_001)
    const rounds = 20
    const pattern = new Pattern(seed)
    const send = Effect.gen(function* () {
      for (let i = 0; i < rounds; i++) {
        pattern.fill(buffer)
        yield* left.write([buffer.subarray(0, 7), buffer.subarray(7, 100_000), buffer.subarray(100_000)])
        yield* left.flush
        buffer.fill(0xdd)
      }
    })
    yield* Effect.all([send, receive(right, new Pattern(seed), rounds * buffer.length)], {
      concurrency: "unbounded",
      discard: true
    })
  })

  const concurrentWriters = Effect.gen(function* () {
    const { left, right } = yield* open(setting, { highWaterMark: 4096 })
    const writers = [1, 2, 3, 4]
    const writes = 50
    const length = 3001
    // Each write is its writer's number, again and again, in three chunks.
    const send = (writer: number) =>
      Effect.repeat(
        Effect.suspend(() => {
          const record = new Uint8Array(length).fill(writer)
          return left.write([record.subarray(0, 1), record.subarray(1, 2000), record.subarray(2000)])
        }),
        { times: writes - 1 }
      )
    const seen = new Uint8Array(writers.length * writes * length)
    const read = Effect.gen(function* () {
      for (let filled = 0; filled < seen.length;) {
        for (const chunk of yield* right.pull) {
          seen.set(chunk, filled)
          filled += chunk.length
        }
      }
    })
    yield* Effect.all([...writers.map(send), read], { concurrency: "unbounded", discard: true })
    for (let start = 0; start < seen.length; start += length) {
      const record = seen.subarray(start, start + length)
      yield* expect(
        record.every((byte) => byte === record[0]),
        `the chunks of two writes are mixed in the record at ${start}`
      )
    }
  })

  const dataBeforeEnd = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting)
    const total = 300_000
    const send = Effect.zipRight(transmit(left, new Pattern(seed), total, new Random(seed)), closeLeft())
    yield* Effect.all([send, receive(right, new Pattern(seed), total)], { concurrency: "unbounded", discard: true })
    yield* expectEnd(right)
    // The end is sticky, and for everybody.
    yield* expectEnd(right)
    yield* right.readable
    yield* expect(yield* right.poll(Duration.zero), "poll(0) was false at the end of the stream")
    yield* expectEnd(right)
  })

  const dataAfterFailedWrite = Effect.gen(function* () {
    const { closeRight, left, right } = yield* open(setting)
    // Few enough that any system holds them all when the end is closed.
    const total = 1000
    yield* right.write([new Pattern(seed).next(total)])
    yield* closeRight()
    // Some platforms tell at the first write after the end, some at a later one.
    const failed = yield* Effect.flip(
      Effect.forever(
        Effect.zipRight(left.write([new Uint8Array(1000)]), Effect.zipRight(left.flush, Effect.yieldNow()))
      )
    )
    yield* expect(
      failed._tag === "RemoteDuctClosed" || failed._tag === "RemoteDuctReset",
      `writing to a closed end failed with ${failed._tag}`
    )
    yield* expectFailure("the next write", left.write([new Uint8Array(1)]), failed._tag)
    yield* receive(left, new Pattern(seed), total)
    const end = yield* Effect.flip(left.pull)
    yield* expect(
      end._tag === "RemoteDuctClosed" || end._tag === "RemoteDuctReset",
      `after the bytes, pull failed with ${end._tag}`
    )
    yield* expectFailure("the next pull", left.pull, end._tag)
  })

  const halfClose = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const total = 1_000_000
    yield* left.write([new Pattern(seed).next(500)])
    const ending = yield* Effect.fork(left.endWrite)
    yield* receive(right, new Pattern(seed), 500)
    yield* expectEnd(right)
    yield* Fiber.join(ending)
    yield* expectFailure("write after endWrite", left.write([new Uint8Array(1)]), "DuctClosed")
    yield* Effect.all(
      [transmit(right, new Pattern(seed), total, new Random(seed)), receive(left, new Pattern(seed), total)],
      { concurrency: "unbounded", discard: true }
    )
    yield* right.endWrite
    yield* expectEnd(left)
  })

  const halfCloseAfterPending = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const total = 3_000_000
    yield* left.write([new Pattern(seed).next(total)])
    const ending = yield* Effect.fork(left.endWrite)
    yield* receive(right, new Pattern(seed), total)
    yield* expectEnd(right)
    yield* Fiber.join(ending)
  })

  const noHalfClose = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    yield* expectFailure("endWrite", left.endWrite, "Unsupported")
    yield* expectFailure("endWrite", right.endWrite, "Unsupported")
  })

  const descriptor = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const numbers = [left, right].flatMap(({ fileno }) => (fileno._tag === "Some" ? [fileno.value] : []))
    yield* setting.cannot("fileno")
      ? expect(numbers.length === 0, "fileno was said to be none, but there is one")
      : expect(numbers.length === 2 && numbers[0] !== numbers[1], `two different descriptors expected: ${numbers}`)
    if (numbers.some((number) => !Number.isInteger(number) || number < 0)) return yield* problem(`fileno: ${numbers}`)
  })

  const pollsWhatIsThere = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    yield* expect(!(yield* right.poll(Duration.zero)), "poll(0) was true with nothing here")
    yield* left.write([new Pattern(seed).next(10)])
    yield* right.readable
    yield* right.readable
    yield* expect(yield* right.poll(Duration.zero), "poll(0) was false after readable")
    yield* expect(yield* right.poll(Duration.infinity), "poll(infinity) was false after readable")
    yield* receive(right, new Pattern(seed), 10)
    yield* expect(!(yield* right.poll(Duration.zero)), "poll(0) was true after everything was pulled")
    const pattern = new Pattern(seed)
    yield* left.write([pattern.next(5)])
    yield* eventually(right.poll(Duration.zero).pipe(Effect.orElseSucceed(() => false)))
    const chunks = yield* right.pull
    yield* expect(size(chunks) === 5, `pull gave ${size(chunks)} bytes after poll, 5 were sent`)
  })

  return [
    [1, "bytes both ways at once arrive whole and in order", bothWays],
    [1, "single bytes arrive whole and in order", byteByByte],
    [1, "borrowed bytes may be reused after flush", borrowed],
    [1, "concurrent writers do not mix their chunks", concurrentWriters],
    [1, "readable and poll consume nothing", pollsWhatIsThere],
    [1, "fileno says which descriptor, if there is one", descriptor],
    [2, "data comes before the end, and the end is sticky", dataBeforeEnd],
    [2, "data that is here survives a failed write", dataAfterFailedWrite],
    ...(setting.cannot("halfClose")
      ? ([[3, "half-close is Unsupported", noHalfClose]] as const)
      : ([
          [3, "after endWrite the other end sees the end and can still send", halfClose],
          [3, "endWrite comes after all bytes that were taken", halfCloseAfterPending]
        ] as const))
  ]
}

import type { Connection } from "@ductworks/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect, expectFailure, interruptAtRandom, problem } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { compare, expectEnd, open, receive, type Setting, transmit } from "./ends.js"
import type { Entry } from "./entry.js"
import { trickle, undisturbed } from "./interruption.js"

/** Laws 1, 2, 5 and 8 for `pullInto`, of transports that have it. */
export const direct = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const ends = Effect.map(open(setting, { highWaterMark: 64 * 1024 }), (ends) => ({
    ...ends,
    pullInto: ends.right.pullInto
  }))

  const whole = Effect.gen(function* () {
    const { closeLeft, left, pullInto, right } = yield* ends
    if (pullInto === undefined) return
    const total = Math.min(setting.bytes, 4 * 1024 * 1024)
    const random = new Random(seed)
    const arrived = new Pattern(seed)
    const read = Effect.gen(function* () {
      while (arrived.offset < total) {
        if (random.below(4) === 0) yield* right.readable
        yield* random.below(4) === 0
          ? Effect.flatMap(right.pull, (chunks) => compare(arrived, chunks))
          : into(pullInto, arrived, random.size(random.below(4) === 0 ? 10 : 200_000))
      }
      yield* expectFailure("pullInto at the end", pullInto(new Uint8Array(9)), "RemoteDuctClosed")
      yield* expectFailure("pullInto after the end", pullInto(new Uint8Array(9)), "RemoteDuctClosed")
      yield* expectEnd(right)
    })
    const send = Effect.zipRight(transmit(left, new Pattern(seed), total, new Random(seed + 1)), closeLeft())
    yield* Effect.all([send, read], { concurrency: "unbounded", discard: true })
  })

  const interrupted = Effect.gen(function* () {
    const { closeLeft, left, pullInto, right } = yield* ends
    if (pullInto === undefined) return
    const total = 200_000
    const writer = yield* Effect.fork(
      Effect.zipRight(trickle(left, new Pattern(seed), total, new Random(seed)), closeLeft())
    )
    const random = new Random(seed + 1)
    const arrived = new Pattern(seed)
    let before = new Uint8Array(0)
    for (let attempts = 1; arrived.offset < total; attempts++) {
      const buffer = new Uint8Array(random.size(5000))
      let taken = 0
      const pull = Effect.flatMap(pullInto(buffer), (count) => {
        taken = count
        return Exit.void
      })
      yield* undisturbed(yield* attempts % 8 === 0 ? Effect.exit(pull) : interruptAtRandom(pull, random))
      if (taken > 0) yield* compare(arrived, [buffer.slice(0, taken)])
      const isUntouched = before.every((byte) => byte === 0xee)
      yield* expect(isUntouched, "a buffer was written to after its pullInto was over")
      before = buffer.fill(0xee)
      if (random.below(3) === 0) yield* undisturbed(yield* interruptAtRandom(right.readable, random))
    }
    yield* expectEnd(right)
    yield* Fiber.join(writer)
  })

  const busy = Effect.gen(function* () {
    const { left, pullInto, right } = yield* ends
    if (pullInto === undefined) return
    const one = () => pullInto(new Uint8Array(1))
    const first = yield* Effect.fork(one())
    yield* Effect.yieldNow()
    yield* expectFailure("a pull beside a pullInto", right.pull, "DuctBusy")
    yield* expectFailure("a pullInto beside another", one(), "DuctBusy")
    yield* Fiber.interrupt(first)
    yield* expect((yield* pullInto(new Uint8Array(0))) === 0, "pullInto did not give 0 for an empty buffer")
    yield* left.write([new Pattern(seed).next(10)])
    yield* receive(right, new Pattern(seed), 10)
  })

  return [
    [1, "pullInto gives the bytes that pull would, then the end", whole],
    [5, "an interrupted pullInto loses no byte and leaves the buffer alone", interrupted],
    [8, "pullInto takes the turn of pull", busy]
  ]
}

const into = (pullInto: NonNullable<Connection.Connection["pullInto"]>, arrived: Pattern, length: number) =>
  Effect.gen(function* () {
    const buffer = new Uint8Array(length).fill(0xee)
    const count = yield* pullInto(buffer)
    if (!Number.isInteger(count) || count < 1 || count > length) {
      return yield* problem(`pullInto said ${count} bytes of a buffer of ${length}`)
    }
    const isRestLeft = buffer.subarray(count).every((byte) => byte === 0xee)
    yield* expect(isRestLeft, "pullInto wrote behind the bytes it told of")
    yield* compare(arrived, [buffer.subarray(0, count)])
  })

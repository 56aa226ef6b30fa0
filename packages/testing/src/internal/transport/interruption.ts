import type { Connection } from "@ductworks/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect, interruptAtRandom, pausedAtRandom, problem } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { compare, expectEnd, open, type Setting } from "./ends.js"
import type { Entry } from "./entry.js"

/** Law 5: an interrupted read loses no byte; an interrupted write was taken whole or not at all. */
export const interruption = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const reads = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting, { highWaterMark: 4096 })
    const total = 400_000
    const writer = yield* Effect.fork(
      Effect.zipRight(trickle(left, new Pattern(seed), total, new Random(seed)), closeLeft())
    )
    const random = new Random(seed + 1)
    const arrived = new Pattern(seed)
    const { pull, taken } = recording(right)
    let attempts = 0
    while (arrived.offset < total) {
      // Now and then one that is let be, so that it always ends.
      yield* undisturbed(yield* ++attempts % 8 === 0 ? Effect.exit(pull) : interruptAtRandom(pull, random))
      yield* compare(arrived, taken())
      if (random.below(3) === 0) yield* undisturbed(yield* interruptAtRandom(right.readable, random))
      if (random.below(3) === 0) {
        const timeout = random.below(2) === 0 ? Duration.infinity : Duration.millis(random.below(3))
        yield* undisturbed(yield* interruptAtRandom(right.poll(timeout), random))
      }
    }
    yield* undisturbed(yield* interruptAtRandom(right.pull.pipe(Effect.flip), random))
    yield* expectEnd(right)
    yield* Fiber.join(writer)
  })

  const racingReads = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const arrived = new Pattern(seed)
    const sent = new Pattern(seed)
    const random = new Random(seed)
    const { pull, taken } = recording(right)
    for (let round = 0; round < 300; round++) {
      // The bytes and the interruption arrive at about the same time.
      const reader = yield* Effect.fork(pausedAtRandom(pull, random))
      for (let i = random.below(4); i > 0; i--) yield* Effect.yieldNow()
      yield* left.write([sent.next(1 + random.below(50))])
      for (let i = random.below(6); i > 0; i--) yield* Effect.yieldNow()
      yield* undisturbed(yield* Fiber.interrupt(reader))
      yield* compare(arrived, taken())
      while (arrived.offset < sent.offset) yield* compare(arrived, yield* right.pull)
    }
  })

  const writes = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting, { highWaterMark: 4096 })
    const random = new Random(seed)
    const mustArrive = new Set<number>()
    const send = Effect.gen(function* () {
      for (let id = 0; id < 400; id++) {
        const exit = yield* interruptAtRandom(left.write(record(id, random.size(9000))), random)
        if (Exit.isSuccess(exit)) mustArrive.add(id)
        else if (!Exit.isInterrupted(exit)) yield* exit
        if (random.below(5) === 0) yield* undisturbed(yield* interruptAtRandom(left.flush, random))
      }
      yield* left.flush
      yield* expect(left.pending() === 0, `flush completed with ${left.pending()} bytes pending`)
      yield* closeLeft()
    })
    const arrived: Array<Uint8Array> = []
    const pauses = new Random(seed + 1)
    const read = Effect.repeat(
      Effect.gen(function* () {
        for (let i = pauses.below(10); i > 0; i--) yield* Effect.yieldNow()
        arrived.push(...(yield* right.pull))
      }),
      { until: () => false }
    ).pipe(Effect.catchTag("RemoteDuctClosed", () => Effect.void))
    yield* Effect.all([send, read], { concurrency: "unbounded", discard: true })
    const ids = yield* recordsOf(arrived)
    for (const [index, id] of ids.entries()) {
      yield* expect(index === 0 || id > (ids[index - 1] ?? 0), `write ${id} arrived twice or out of order`)
      mustArrive.delete(id)
    }
    yield* expect(mustArrive.size === 0, () => `writes that completed did not arrive: ${[...mustArrive].join(", ")}`)
  })

  return [
    [5, "an interrupted pull, readable or poll loses no byte", reads],
    [5, "a pull that is interrupted as bytes arrive loses none", racingReads],
    [5, "an interrupted write was taken whole or not at all", writes]
  ]
}

/** Writes in small pieces with pauses, so that the reader waits now and then. */
export const trickle = (connection: Connection.Connection, pattern: Pattern, total: number, random: Random) =>
  Effect.gen(function* () {
    while (pattern.offset < total) {
      yield* connection.write([pattern.next(Math.min(random.size(3000), total - pattern.offset))])
      for (let i = random.below(6); i > 0; i--) yield* Effect.yieldNow()
    }
  })

/**
 * A pull that notes what it took in the very next step. From there on the bytes are the caller's, and so is what an
 * interruption does to them. (`flatMap`, since `map` makes a step of its own of its function.)
 */
const recording = (connection: Connection.Connection) => {
  let chunks: Array<Uint8Array> = []
  return {
    pull: Effect.flatMap(connection.pull, (pulled) => {
      chunks.push(...pulled)
      return Exit.void
    }),
    taken: () => {
      const taken = chunks
      chunks = []
      return taken
    }
  }
}

export const undisturbed = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void, unknown> =>
  Exit.isSuccess(exit) || Exit.isInterrupted(exit) ? Effect.void : exit

const headerBytes = 8

/** Its number, its length, and as many bytes that follow from the number, in three chunks. */
const record = (id: number, length: number): readonly [Uint8Array, Uint8Array, ...Array<Uint8Array>] => {
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setUint32(0, id)
  view.setUint32(4, length)
  const body = new Uint8Array(length).fill(id % 251)
  const half = body.subarray(0, Math.ceil(length / 2))
  return length === half.length ? [header, half] : [header, half, body.subarray(half.length)]
}

/** The numbers of the records, each of which must be whole. */
const recordsOf = (chunks: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const bytes = new Uint8Array(total)
    let filled = 0
    for (const chunk of chunks) {
      bytes.set(chunk, filled)
      filled += chunk.length
    }
    const view = new DataView(bytes.buffer)
    const ids: Array<number> = []
    for (let start = 0; start < total;) {
      if (total - start < headerBytes) return yield* problem(`a write was torn at byte ${start}`)
      const id = view.getUint32(start)
      const body = bytes.subarray(start + headerBytes, start + headerBytes + view.getUint32(start + 4))
      if (body.length !== view.getUint32(start + 4) || !body.every((byte) => byte === id % 251)) {
        return yield* problem(`the write at byte ${start} did not arrive whole`)
      }
      ids.push(id)
      start += headerBytes + body.length
    }
    return ids
  })

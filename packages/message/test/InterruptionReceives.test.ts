import type { MessageDuct } from "@ductworks/message"
import type { RecvError } from "@ductworks/message/MessageError"
import { assert, describe } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { atEveryPoint } from "@ductworks/testing/Interruption"
import { type Format, formats, isWhole, type Numbered, numbered, numberedPair } from "./support/numbered.js"
import { over, transports } from "./support/transports.js"

type Duct = MessageDuct.MessageDuct<Numbered, Numbered>

type Note = (message: Numbered) => void

/** Receives of every kind, which note in the very next step what they got. */
const receives: Record<string, (duct: Duct, note: Note) => Effect.Effect<void, RecvError>> = {
  recv: (duct, note) =>
    Effect.gen(function* () {
      note(yield* duct.recv)
    }),
  recvAll: (duct, note) =>
    Effect.gen(function* () {
      for (const message of yield* duct.recvAll) note(message)
    }),
  "poll and recv": (duct, note) =>
    Effect.gen(function* () {
      if (yield* duct.poll(Duration.infinity)) note(yield* duct.recv)
    })
}

/** How five messages come: those that are here before the receive, then the others, a piece after a piece. */
const arrivals: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>> = [[[0, 1, 2, 3, 4]], [[], [0], [1], [2, 3, 4]]]

const numbers = (messages: ReadonlyArray<Numbered>) => messages.map(({ number }) => number)

const rest = (duct: Duct, note: Note) =>
  Effect.forever(Effect.map(duct.recv, note)).pipe(Effect.catchTag("RemoteDuctClosed", () => Effect.void))

// Interruption.test.ts has the same over memory.
const unix = transports.filter(({ name }) => name === "unix")

const memory = transports.filter(({ name }) => name === "memory")

const all = [0, 1, 2, 3, 4]

const opened = (format: Format) =>
  Effect.map(numberedPair(format), ([left, right]) => {
    const received: Array<Numbered> = []
    const note: Note = (message) => received.push(message)
    const send = (part: ReadonlyArray<number>) => left.sendAll(part.map((number) => numbered(number)))
    return { left, right, received, note, send }
  })

describe("interruption at every point", () => {
  for (const format of formats) {
    for (const [name, receive] of Object.entries(receives)) {
      over(
        `DW-33 DW-40 M-8 ${name} of ${format} leaves the next message intact`,
        () =>
          Effect.gen(function* () {
            for (const [before = [], ...after] of arrivals) {
              const points = yield* atEveryPoint((interrupted) =>
                Effect.gen(function* () {
                  const { left, note, received, right, send } = yield* opened(format)
                  yield* send(before)
                  yield* Effect.all(
                    [
                      interrupted(receive(right, note)),
                      Effect.forEach(after, (part) => Effect.zipRight(Effect.yieldNow(), send(part)))
                    ],
                    { concurrency: 2 }
                  )
                  yield* left.endWrite
                  yield* rest(right, note)
                  assert.deepStrictEqual(numbers(received), all)
                  assert.isTrue(received.every(isWhole))
                }).pipe(Effect.scoped)
              )
              assert.isAbove(points, 5)
            }
          }),
        unix
      )
    }

    // A stream has hundreds of points.
    over(
      `DW-33 M-8 a stream of ${format} that is interrupted takes along what it took, and leaves the others intact`,
      () =>
        Effect.gen(function* () {
          const points = yield* atEveryPoint((interrupted) =>
            Effect.gen(function* () {
              const { left, note, received, right, send } = yield* opened(format)
              yield* send([0])
              const consume = Stream.runForEach(Stream.take(right.stream, all.length), (message) =>
                Effect.sync(() => note(message))
              )
              const sending = Effect.forEach([[1, 2, 3, 4]], (part) => Effect.zipRight(Effect.yieldNow(), send(part)))
              yield* Effect.all([interrupted(consume), sending], { concurrency: 2 })
              const consumed = received.length
              yield* left.endWrite
              yield* rest(right, note)
              assert.isTrue(received.every(isWhole))
              // In order and once: the consumer had the first ones, the receives after it got the last ones.
              const others = received.length - consumed
              const expected = [...all.slice(0, consumed), ...all.slice(all.length - others)]
              assert.deepStrictEqual(numbers(received), expected)
            }).pipe(Effect.scoped)
          )
          assert.isAbove(points, 50)
        }),
      memory
    )
  }
})

import { MessageDuct, type MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Stream } from "effect"
import { atEveryPoint, interruptedAfter, yieldingNowAndThen } from "@ductworks/testing/Interruption"
import { byHand, json } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)
const here = { anywhere: {} }

type Receive = Effect.Effect<void, MessageError.RecvError>

/** Receives of every kind, which note in the same step what they took out. */
const receives = (
  duct: MessageDuct.MessageDuct<unknown, unknown>,
  note: (message: unknown) => void
): ReadonlyArray<Receive> => [
  Effect.gen(function* () {
    note(yield* duct.recv)
  }),
  Effect.gen(function* () {
    for (const message of yield* duct.recvAll) note(message)
  }),
  Effect.asVoid(duct.poll("1 second"))
]

/** JSON whose decoding takes a few steps. */
const slowJson = Serializer.makeEffect({
  name: "slow",
  encode: (message: unknown) => Effect.zipRight(Effect.yieldNow(), Serializer.json().encode(message)),
  decode: (payload) => Effect.zipRight(Effect.yieldNow(), Serializer.json().decode(payload))
})

const lock = (): MessageDuct.Lock => {
  const semaphore = Effect.unsafeMakeSemaphore(1)
  return { acquire: semaphore.take(1), release: semaphore.release(1) }
}

const rest = (duct: MessageDuct.MessageDuct<unknown, unknown>) =>
  Effect.map(Stream.runCollect(duct.stream), (messages) => [...messages])

describe("M-8 interruption at every point", () => {
  for (const [index, kind] of ["recv", "recvAll", "poll"].entries()) {
    for (const [format, settings, serializer] of [
      ["json", () => ({}), Serializer.json()],
      ["an effectful format", () => ({}), slowJson],
      ["a receive lock and an effectful format", () => ({ recvLock: lock() }), slowJson]
    ] as const) {
      it.effect(`DW-33 ${kind} leaves the next message intact, with ${format} (memory)`, () =>
        Effect.gen(function* () {
          const bytes = json("one", ["two"])
          for (const cuts of [[bytes.length], [3, 9, bytes.length], [0, 11, bytes.length]]) {
            const points = yield* atEveryPoint((interrupted) =>
              Effect.gen(function* () {
                const { duct, hand } = yield* byHand(here, settings(), serializer)
                const taken: Array<unknown> = []
                const receive = receives(duct, (message) => taken.push(message))[index] ?? Effect.never
                yield* hand.sendAll(bytes.subarray(0, cuts[0]))
                const sending = yield* Effect.fork(
                  Effect.forEach(cuts.slice(1), (cut, i) =>
                    Effect.zipRight(Effect.yieldNow(), hand.sendAll(bytes.subarray(cuts[i], cut)))
                  )
                )
                yield* interrupted(receive)
                yield* Fiber.join(sending)
                yield* hand.endWrite
                assert.deepStrictEqual([...taken, ...(yield* rest(duct))], ["one", ["two"]])
              }).pipe(Effect.scoped, memory)
            )
            assert.isAbove(points, 3)
          }
        })
      )
    }
  }

  for (const [name, settings] of [
    ["without a lock", () => ({})],
    ["with a send lock", () => ({ sendLock: lock() })]
  ] as const) {
    it.effect(`DW-32 a send left whole or not at all, ${name}, also when it had to wait (memory)`, () =>
      Effect.gen(function* () {
        const big = "x".repeat(200 * 1024)
        for (const isFull of [false, true]) {
          for (const serializer of isFull ? [slowJson] : [Serializer.json(), slowJson]) {
            yield* atEveryPoint((interrupted) =>
              Effect.gen(function* () {
                const [left, right] = yield* MessageDuct.pair({ serializer, ...settings() })
                const filling = yield* Effect.fork(isFull ? left.send(big) : Effect.void)
                yield* Effect.yieldNow()
                const receiving = yield* Effect.fork(rest(right))
                yield* interrupted(Effect.zipRight(left.send("one"), left.sendAll(["two", "three"])))
                yield* Fiber.join(filling)
                yield* left.send("next")
                yield* left.endWrite
                const received = (yield* Fiber.join(receiving)).filter((message) => message !== big)
                // A sendAll with an effectful format sends one by one.
                const wanted = ["next", "one next", "one two next", "one two three next"]
                assert.include(wanted, received.join(" "))
              }).pipe(Effect.scoped, memory)
            )
          }
        }
      })
    )
  }

  it("DW-33 DW-34 any mix of receives, interrupted anywhere, gives every message once and in order (memory)", () =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.tuple(FastCheck.nat(2), FastCheck.nat(120), FastCheck.nat(3)), { maxLength: 25 }),
        FastCheck.integer({ min: 1 }),
        FastCheck.boolean(),
        FastCheck.boolean(),
        (steps, seed, isSlow, hasLock) =>
          Effect.gen(function* () {
            const serializer = isSlow ? slowJson : Serializer.json()
            const { duct, hand } = yield* byHand(here, hasLock ? { recvLock: lock() } : {}, serializer)
            let sent = 0
            const taken: Array<unknown> = []
            const kinds = receives(duct, (message) => taken.push(message))
            const isYielding = yieldingNowAndThen(seed)
            for (const [kind, operations, count] of steps) {
              const bytes = json(...Array.from({ length: count }, () => sent++))
              const sending = yield* Effect.fork(
                Effect.zipRight(hand.sendAll(bytes.subarray(0, 4)), hand.sendAll(bytes.subarray(4)))
              )
              const receiving = yield* Effect.fork(interruptedAfter(operations, kinds[kind] ?? Effect.void, isYielding))
              yield* Fiber.join(sending)
              for (let i = 0; i < 20; i++) yield* Effect.yieldNow()
              yield* Fiber.interrupt(receiving)
            }
            yield* hand.endWrite
            const all = [...taken, ...(yield* rest(duct))]
            assert.deepStrictEqual(
              all,
              Array.from({ length: sent }, (_, i) => i)
            )
          }).pipe(Effect.scoped, memory, Effect.runPromise)
      ),
      { numRuns: 80, seed: 8 }
    ))
})

import { DuctError, RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream, TestClock } from "effect"
import { collect } from "./support/memory.js"
import { byHand, frameOf, json, over, transports } from "./support/transports.js"

const withoutTcp = transports.filter(({ name }) => name !== "tcp")

const memory = Effect.provide(MemoryTransport.layer)

const here = { anywhere: {} }

/** Bytes of array buffers that are alive. */
const held = (): number => {
  collect()
  return process.memoryUsage().arrayBuffers
}

/** Any payload is a message. */
const anything = Serializer.make<unknown>({ name: "anything", encode: String, decode: (payload) => payload.length })

const MiB = 1024 * 1024

describe("what a header claims", () => {
  over(
    "M-9 4 GiB - 1, with no limit but the framing's: nothing is reserved before the bytes are here",
    (kind) =>
      Effect.gen(function* () {
        const { duct, hand } = yield* byHand(kind, { maxMessageBytes: Infinity }, anything)
        const before = held()
        const receiving = yield* Effect.fork(Effect.flip(duct.recv))
        yield* hand.sendAll(frameOf(Buffer.alloc(100_000, 1), 0xffffffff))
        // More than all buffers between the two, so the receive has begun to gather it.
        yield* hand.sendAll(Buffer.alloc(MiB, 2))
        const received = 100_005 + MiB
        // Sixteen times what was received, and what is here: the bytes that were sent, and the memory they began in.
        assert.isBelow(held() - before, 16 * received + 3 * MiB)
        yield* hand.close()
        const error = yield* Fiber.join(receiving)
        assert.instanceOf(error, DuctError.MessageTruncated)
        assert.deepStrictEqual([error.received, error.expected], [received, 0x1_0000_0004])
      }),
    withoutTcp
  )

  it.scoped("M-9 a received message is measured in bytes, by the limit of its own direction (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const duct = yield* MessageDuct.fromRaw(left, {
        outbound: Serializer.text({ maxMessageBytes: 100 }),
        inbound: Serializer.text({ maxMessageBytes: 8 })
      })
      yield* duct.send("x".repeat(100))
      assert.instanceOf(yield* Effect.flip(duct.send("x".repeat(101))), MessageError.MessageTooLarge)
      yield* right.sendAll(Buffer.concat([frameOf("éééé"), frameOf("ééééé"), frameOf("é")]))
      assert.strictEqual(yield* duct.recv, "éééé")
      const wanted = { direction: "recv", size: 10, limit: 8, limitName: "maxMessageBytes" } as const
      const receives: ReadonlyArray<Effect.Effect<unknown, MessageError.RecvError>> = [
        duct.recv,
        duct.recvAll,
        duct.recv
      ]
      for (const receive of receives) {
        assert.deepStrictEqual(yield* Effect.flip(receive), new MessageError.MessageTooLarge(wanted))
      }
      const streamed = yield* Effect.flip(Stream.runDrain(duct.stream))
      assert.include(streamed.message, "10 bytes is over the limit of 8 bytes (maxMessageBytes)")
    }).pipe(memory)
  )

  it.scoped("M-9 limits that are no number of bytes: NaN is none, less than 0 is 0, a fraction holds (memory)", () =>
    Effect.gen(function* () {
      for (const [maxMessageBytes, accepted, refused] of [
        [Number.NaN, 16 * MiB, 16 * MiB + 1],
        [-Infinity, 0, 1],
        [-1, 0, 1],
        [0, 0, 1],
        [2.5, 2, 3],
        [Infinity, 0xffffffff, undefined]
      ] as const) {
        const one = yield* byHand(here, { maxMessageBytes }, anything)
        yield* one.hand.sendAll(frameOf("", accepted))
        yield* one.hand.endWrite
        const error = yield* Effect.flip(Effect.zipRight(one.duct.recv, one.duct.recv))
        assert.isTrue(DuctError.isEndOfFile(error), `${maxMessageBytes}: ${accepted}`)
        if (refused === undefined) continue
        const other = yield* byHand(here, { maxMessageBytes }, anything)
        yield* other.hand.sendAll(frameOf("", refused))
        assert.instanceOf(yield* Effect.flip(other.duct.recv), MessageError.MessageTooLarge, `${maxMessageBytes}`)
      }
    }).pipe(memory)
  )

  it.scoped("M-9 a message for which there is no memory is MessageTooLarge, no defect (memory)", () =>
    Effect.gen(function* () {
      const [raw] = yield* RawDuct.pair()
      const framing = { ...Framing.ductworks, headerBytes: Number.MAX_SAFE_INTEGER }
      const duct = yield* MessageDuct.fromRaw(raw, { serializer: Serializer.bytes, framing })
      const error = yield* Effect.flip(duct.send(Uint8Array.of(1)))
      assert.instanceOf(error, MessageError.MessageTooLarge)
      assert.strictEqual(error.limitName, "the memory that is left")
    }).pipe(memory)
  )
})

describe("the time of a message that has begun", () => {
  it.scoped("M-8 without a time-out a stalled message is waited for, however long (memory)", () =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(here, { timeout: Duration.infinity })
      yield* hand.sendAll(json("late").subarray(0, 6))
      const receiving = yield* Effect.fork(duct.recv)
      yield* TestClock.adjust("365 days")
      assert.isNull(receiving.unsafePoll())
      yield* hand.sendAll(json("late").subarray(6))
      assert.strictEqual(yield* Fiber.join(receiving), "late")
    }).pipe(memory)
  )

  it.scoped(
    "M-8 recvAll and stream time out too, and go on with the same message; poll is false meanwhile (memory)",
    () =>
      Effect.gen(function* () {
        const { duct, hand } = yield* byHand(here, { timeout: "1 second" })
        const bytes = json("late")
        yield* hand.sendAll(bytes.subarray(0, 2))
        const receives: ReadonlyArray<Effect.Effect<unknown, MessageError.RecvError>> = [
          duct.recv,
          duct.recvAll,
          Stream.runDrain(duct.stream)
        ]
        for (const [i, receive] of receives.entries()) {
          const receiving = yield* Effect.fork(Effect.flip(receive))
          yield* TestClock.adjust("999 millis")
          assert.isNull(receiving.unsafePoll())
          yield* TestClock.adjust("1 millis")
          assert.instanceOf(yield* Fiber.join(receiving), DuctError.DuctTimeout)
          yield* hand.sendAll(bytes.subarray(2 + i, 3 + i))
          const polling = yield* Effect.fork(duct.poll("5 seconds"))
          yield* TestClock.adjust("5 seconds")
          assert.isFalse(yield* Fiber.join(polling))
        }
        yield* hand.sendAll(Buffer.concat([bytes.subarray(5), json("next")]))
        assert.isTrue(yield* duct.poll(0))
        assert.deepStrictEqual(yield* duct.recvAll, ["late", "next"])
      }).pipe(memory)
  )
})

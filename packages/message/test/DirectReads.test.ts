import { DuctError, RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { checkMessageDuct, MemoryTransport } from "@ductworks/testing"
import { atEveryPoint } from "@ductworks/testing/Interruption"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { frameOf } from "./support/transports.js"

const KiB = 1024

// As of native sockets: what is received can be read straight into a message.
const direct = Effect.provide(MemoryTransport.layerWith({ direct: true }))

const pattern = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => (index * 31) % 253)

describe("DW-42 checkMessageDuct over memory that can be read into a buffer", () => {
  for (const check of checkMessageDuct({ seed: 3 })) {
    it.live(`law ${check.law}: ${check.name}`, () => direct(check.run))
  }
})

describe("messages that are read into their own memory", () => {
  it.scoped("DW-27 large and small ones, one after the other, arrive whole; a large one owns its memory (memory)", () =>
    Effect.gen(function* () {
      for (const framing of [Framing.ductworks, Framing.lengthPrefix32]) {
        const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.bytes, framing })
        const messages = [10, 3000 * KiB, 0, 65 * KiB, 64 * KiB, 200 * KiB, 1].map(pattern)
        const sending = yield* Effect.fork(left.sendAll(messages))
        for (const message of messages) {
          const received = yield* right.recv
          assert.strictEqual(Buffer.compare(received, message), 0)
          if (message.length > 1000 * KiB) assert.strictEqual(received.buffer.byteLength, message.length)
        }
        yield* Fiber.join(sending)
      }
    }).pipe(direct)
  )

  it.scoped("M-8 the rest of one has its time, and the next receive goes on with it (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const duct = yield* MessageDuct.fromRaw(right, { serializer: Serializer.bytes, timeout: "1 second" })
      const message = pattern(500 * KiB)
      const bytes = frameOf(message)
      yield* left.sendAll(bytes.subarray(0, 30 * KiB))
      for (const to of [60 * KiB, 90 * KiB]) {
        const receiving = yield* Effect.fork(Effect.flip(duct.recv))
        yield* TestClock.adjust("1 second")
        assert.instanceOf(yield* Fiber.join(receiving), DuctError.DuctTimeout)
        yield* left.sendAll(bytes.subarray(to - 30 * KiB, to))
      }
      const sending = yield* Effect.fork(left.sendAll(bytes.subarray(90 * KiB)))
      assert.strictEqual(Buffer.compare(yield* duct.recv, message), 0)
      yield* Fiber.join(sending)
    }).pipe(direct)
  )

  it.scoped("M-9 an end inside one is MessageTruncated, and says how much came (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const duct = yield* MessageDuct.fromRaw(right, { serializer: Serializer.bytes })
      const sending = yield* Effect.fork(left.sendAll(frameOf(pattern(300 * KiB), 1000 * KiB)))
      const receiving = yield* Effect.fork(Effect.flip(duct.recv))
      yield* Fiber.join(sending)
      yield* left.close()
      const error = yield* Fiber.join(receiving)
      assert.instanceOf(error, DuctError.MessageTruncated)
      assert.deepStrictEqual([error.received, error.expected], [300 * KiB + 5, 1000 * KiB + 5])
    }).pipe(direct)
  )

  it.effect("M-8 interrupted at any point, a receive leaves the message to the next (memory)", () =>
    Effect.gen(function* () {
      const message = pattern(300 * KiB)
      const points = yield* atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.bytes })
          const received: Array<Uint8Array> = []
          const receive = Effect.flatMap(right.recv, (message) => {
            received.push(message)
            return Effect.void
          })
          const sending = yield* Effect.fork(left.sendAll([message, Uint8Array.of(1)]))
          yield* interrupted(receive)
          while (received.length < 2) yield* receive
          yield* Fiber.join(sending)
          assert.strictEqual(Buffer.compare(received[0] ?? new Uint8Array(0), message), 0)
          assert.deepStrictEqual(received[1], Uint8Array.of(1))
        }).pipe(Effect.scoped, direct)
      )
      assert.isAbove(points, 5)
    })
  )
})

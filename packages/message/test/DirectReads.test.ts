import { DuctError, RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { checkMessageDuct, MemoryTransport } from "@ductworks/testing"
import { atEveryPoint } from "@ductworks/testing/Interruption"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, TestClock } from "effect"
import { collect } from "./support/memory.js"
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

const size = FastCheck.oneof(
  FastCheck.nat(100),
  FastCheck.integer({ min: 15 * KiB, max: 18 * KiB }),
  FastCheck.constantFrom(64 * KiB, 64 * KiB + 1, 250 * KiB),
  FastCheck.nat(400 * KiB)
)

/** Batch by batch, as texts and as bytes, while the other end waits; what was received is looked at in the end. */
const staysAsReceived = (batches: ReadonlyArray<ReadonlyArray<number>>, framing: Framing.Framing) =>
  Effect.gen(function* () {
    const texts = yield* MessageDuct.pair({ serializer: Serializer.json(), framing })
    const bytes = yield* MessageDuct.pair({ serializer: Serializer.bytes, framing })
    const sent: Array<string> = []
    const received: Array<readonly [unknown, Uint8Array]> = []
    for (const batch of batches) {
      const messages = batch.map((length, index) => "abcdefghijklm".charAt((sent.length + index) % 13).repeat(length))
      const receiving = Effect.forEach(messages, () => Effect.zip(texts[1].recv, bytes[1].recv))
      const sending = [texts[0].sendAll(messages), bytes[0].sendAll(messages.map((message) => Buffer.from(message)))]
      const [pairs] = yield* Effect.all([receiving, ...sending], { concurrency: "unbounded" })
      sent.push(...messages)
      received.push(...pairs)
    }
    for (const [index, [text, copy]] of received.entries()) {
      assert.isTrue(text === sent[index])
      assert.isTrue(Buffer.from(copy).toString() === sent[index])
    }
    assert.strictEqual(received.length, sent.length)
  }).pipe(Effect.scoped, direct)

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

  it.scoped("DW-27 one that is as large as the one before is read once, into memory of its own (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.bytes })
      const message = pattern(64 * KiB)
      const memories = new Set<ArrayBufferLike>()
      for (let i = 0; i < 5; i++) {
        const receiving = yield* Effect.fork(right.recv)
        yield* left.send(message)
        const received = yield* Fiber.join(receiving)
        assert.strictEqual(Buffer.compare(received, message), 0)
        if (i > 0) assert.isAtMost(received.buffer.byteLength, message.length + 32)
        memories.add(received.buffer)
      }
      assert.strictEqual(memories.size, 5)
    }).pipe(direct)
  )

  const keepsNothing = <A>(serializer: Serializer.Serializer<A, A>, message: A, last: number) =>
    Effect.gen(function* () {
      const ducts = yield* Effect.replicateEffect(MessageDuct.pair({ serializer }), 50)
      const held = () => {
        collect()
        return process.memoryUsage().arrayBuffers
      }
      const before = held()
      for (const count of [1, 1, last]) {
        for (const [left, right] of ducts) {
          const receiving = yield* Effect.fork(Effect.replicateEffect(right.recv, count, { discard: true }))
          yield* left.sendAll(Array.from({ length: count }, () => message))
          yield* Fiber.join(receiving)
        }
      }
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.isBelow(held() - before, 1024 * KiB)
    }).pipe(direct)

  for (const [name, last] of [
    ["one at a time", 1],
    ["two at once", 2]
  ] as const) {
    it.scoped(`DW-27 an idle duct keeps nothing of the bytes that were read, ${name} (memory)`, () =>
      keepsNothing(Serializer.bytes, pattern(64 * KiB), last)
    )

    it.scoped(`DW-27 an idle duct keeps nothing of the texts that were read, ${name} (memory)`, () =>
      keepsNothing(Serializer.text(), "x".repeat(64 * KiB), last)
    )
  }

  it.effect("DW-27 messages of any sizes stay as they were received, one at a time or several (memory)", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(FastCheck.array(size, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
          FastCheck.constantFrom(Framing.ductworks, Framing.lengthPrefix32, Framing.lines),
          (batches, framing) => Effect.runPromise(staysAsReceived(batches, framing))
        ),
        { numRuns: 40 }
      )
    )
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

import { DuctTimeout } from "@ductworks/core/DuctError"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Ref, TestClock } from "effect"
import { connected, connectedWith, over } from "./support/transports.js"

const KiB = 1024
const large = 300 * KiB
const bytes = { serializer: Serializer.bytes }

/** Each byte tells its message and its place. */
const pattern = (seed: number, length: number): Uint8Array =>
  new Uint8Array(length).map((_, index) => (index * 7 + seed * 31) % 251)

const isPattern = (received: Uint8Array, seed: number, length: number): boolean =>
  Buffer.compare(received, pattern(seed, length)) === 0

describe("bytes that are lent", () => {
  over("DW-32 a message that its owner overwrites as soon as it is sent arrives as it was, to a slow reader", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connectedWith(kind, bytes)
      const buffer = new Uint8Array(large)
      const sizes = [64 * KiB, large, 64 * KiB - 1, 70 * KiB, 10, large]
      const sending = yield* Effect.fork(
        Effect.forEach(sizes, (size, i) => {
          const message = buffer.subarray(0, size)
          message.set(pattern(i, size))
          return Effect.andThen(parent.send(message), () => buffer.fill(0xff))
        })
      )
      for (const [i, size] of sizes.entries()) {
        for (let turns = 0; turns < 20; turns++) yield* Effect.yieldNow()
        assert.isTrue(isPattern(yield* child.recv, i, size), `message ${i}`)
      }
      yield* Fiber.join(sending)
    })
  )

  over("DW-32 messages of many senders at once arrive whole, each sender's in order", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connectedWith(kind, bytes)
      const sizes = [large, 20, 90 * KiB, 30 * KiB]
      const senders = [0, 1, 2, 3]
      const sending = yield* Effect.fork(
        Effect.forEach(
          senders,
          (sender) =>
            sender === 0
              ? parent.sendAll(sizes.map((size, i) => pattern(i, size)))
              : Effect.forEach(sizes, (size, i) => parent.send(pattern(10 * sender + i, size))),
          { concurrency: "unbounded" }
        )
      )
      const seen = senders.map(() => 0)
      for (let left = senders.length * sizes.length; left > 0; left--) {
        const message = yield* child.recv
        const sender = senders.find((one) => {
          const next = seen[one] ?? 0
          return message.length === sizes[next] && isPattern(message, 10 * one + next, message.length)
        })
        assert.isDefined(sender, `a message of ${message.length} bytes`)
        if (sender !== undefined) seen[sender] = (seen[sender] ?? 0) + 1
      }
      yield* Fiber.join(sending)
    })
  )

  over("DW-32 an interrupted send leaves the stream whole: the message comes once, or not at all", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connectedWith(kind, bytes)
      const messages = [pattern(0, large), pattern(1, large), pattern(2, large)]
      const sending = yield* Effect.fork(Effect.forEach(messages, (message) => parent.send(message)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(sending)
      const closing = yield* Effect.fork(parent.send(Uint8Array.of(42)))
      const came: Array<number> = []
      for (let message = yield* child.recv; message.length > 1; message = yield* child.recv) {
        came.push(messages.findIndex((one) => Buffer.compare(one, message) === 0))
      }
      assert.deepStrictEqual(came, [0, 1, 2].slice(0, came.length))
      yield* Fiber.join(closing)
    })
  )

  it.scoped(
    "DW-32 a send whose message is taken and does not leave in time fails, and it comes all the same (memory)",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* MessageDuct.pair({ ...bytes, timeout: "1 second" })
        const hasFailed = yield* Ref.make(false)
        const sending = yield* left.send(pattern(1, large)).pipe(
          Effect.flip,
          Effect.tap(() => Ref.set(hasFailed, true)),
          Effect.fork
        )
        yield* TestClock.adjust("999 millis")
        assert.isFalse(yield* Ref.get(hasFailed))
        yield* TestClock.adjust("1 millis")
        assert.instanceOf(yield* Fiber.join(sending), DuctTimeout)
        // While too much is pending, the next one is not even taken.
        const refused = yield* Effect.fork(Effect.flip(left.send(pattern(2, large))))
        yield* TestClock.adjust("1 second")
        assert.instanceOf(yield* Fiber.join(refused), DuctTimeout)
        assert.isTrue(isPattern(yield* right.recv, 1, large))
        yield* left.flush
        yield* left.send(Uint8Array.of(3))
        assert.deepStrictEqual(yield* right.recv, Uint8Array.of(3))
      }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped("DW-32 a line is looked at before it leaves, and copied, whatever its length (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair({ ...bytes, framing: Framing.lines })
      const line = new Uint8Array(large).fill(0x61)
      yield* left.send(line)
      line.fill(0x0a)
      const error = yield* Effect.flip(left.send(line))
      assert.strictEqual(error._tag, "SerializeError")
      assert.isTrue(Buffer.alloc(large, 0x61).equals(yield* right.recv))
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped(
    "DW-32 a framing with a seal of its own sees every payload behind its header, though copied from ours (memory)",
    () =>
      Effect.gen(function* () {
        let seen = ""
        const framing: Framing.Framing = {
          ...Framing.ductworks,
          seal: (target, offset, length) => {
            const start = offset + Framing.ductworks.headerBytes
            seen = Buffer.from(target.subarray(start, start + length)).toString("latin1")
            return seen === "no" ? "it says no" : Framing.ductworks.seal(target, offset, length)
          }
        }
        const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), framing })
        const refused = yield* Effect.flip(left.sendAll(["a", "no", "b"]))
        assert.strictEqual(refused._tag, "SerializeError")
        assert.strictEqual(yield* right.recv, "a")
        const [from, to] = yield* MessageDuct.pair({ ...bytes, framing })
        const sending = yield* Effect.fork(from.send(new Uint8Array(large).fill(0x61)))
        assert.strictEqual((yield* to.recv).length, large)
        yield* Fiber.join(sending)
        assert.strictEqual(seen, "a".repeat(large))
      }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

describe("large texts", () => {
  over(
    "DW-32 each arrives as it was, though several wait to leave, on several ducts, and some are never taken",
    (kind) =>
      Effect.gen(function* () {
        const ducts = yield* Effect.all([connected(kind), connected(kind), connected(kind)])
        // Of one, two and three bytes a character; each longer than what the thread has kept, at first.
        const texts = ["a", "é", "\u0ff0", "😀"].flatMap((character, i) =>
          [6 * KiB, 20 * KiB, 100 * KiB].map((length) => `${i}${character.repeat(length)}${length}`)
        )
        const sendings = yield* Effect.forEach(ducts, ({ parent }) =>
          Effect.fork(Effect.forEach(texts, (text) => parent.send(text)))
        )
        yield* Effect.yieldNow()
        for (const { parent } of ducts)
          yield* Fiber.interrupt(yield* Effect.fork(parent.send("interrupted".repeat(9000))))
        for (const text of texts) {
          for (const { child } of ducts) {
            let received = yield* child.recv
            if (String(received).startsWith("interrupted")) received = yield* child.recv
            assert.isTrue(received === text, `a text of ${text.length} characters`)
          }
        }
        for (const sending of sendings) yield* Fiber.join(sending)
      })
  )

  it.scoped("DW-32 DW-27 the limit is in bytes, whatever the text takes in memory (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), maxMessageBytes: 60_000 })
      for (const character of ["a", "é", "\u0ff0", "😀"]) {
        const size = Buffer.byteLength(character)
        const text = character.repeat(60_000 / size)
        yield* left.send(text)
        assert.isTrue((yield* right.recv) === text)
        const error = yield* Effect.flip(left.send(text + character))
        assert.strictEqual(error._tag, "MessageTooLarge")
        if (error._tag === "MessageTooLarge") assert.strictEqual(error.size, 60_000 + size)
      }
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

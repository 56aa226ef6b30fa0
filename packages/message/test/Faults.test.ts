import { DuctError, RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Fiber, TestClock } from "effect"
import { byHand, frameOf, json, over, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)
const here = { anywhere: {} }

/** A key of that name is refused; see Untrusted.test.ts. */
const jsonText = FastCheck.json({ maxDepth: 2 }).filter((text) => !text.includes("__proto__"))

describe("bad input", () => {
  over("DW-24 DW-26 a wrong first byte is a MessageProtocolError, at once and for good", (kind) =>
    Effect.gen(function* () {
      for (const received of [0x00, 0x53, 0xff]) {
        const { duct, hand } = yield* byHand(kind)
        yield* hand.sendAll(Buffer.concat([json("before"), Buffer.from([received])]))
        assert.strictEqual(yield* duct.recv, "before")
        const wanted = new MessageError.MessageProtocolError({ expected: 0x54, received })
        assert.deepStrictEqual(yield* Effect.flip(duct.recv), wanted)
        yield* hand.sendAll(json("after"))
        assert.isTrue(yield* duct.poll(0))
        for (const again of [duct.recv, duct.recvAll]) assert.deepStrictEqual(yield* Effect.flip(again), wanted)
      }
    })
  )

  it.scoped(
    "DW-25 DW-27 truncation at every offset: the messages before it arrive, then how much is missing (memory)",
    () =>
      Effect.gen(function* () {
        const bytes = json("first", { second: true })
        const ends = [0, json("first").length, bytes.length]
        for (let cut = 0; cut <= bytes.length; cut++) {
          const { duct, hand } = yield* byHand(here)
          yield* hand.sendAll(bytes.subarray(0, cut))
          yield* hand.close()
          const begun = ends.filter((end) => end <= cut)
          const start = begun.at(-1) ?? 0
          for (let i = 1; i < begun.length; i++) yield* duct.recv
          const error = yield* Effect.flip(duct.recv)
          assert.isTrue(DuctError.isEndOfFile(error))
          if (start === cut) {
            assert.instanceOf(error, DuctError.RemoteDuctClosed)
          } else {
            assert.instanceOf(error, DuctError.MessageTruncated)
            const whole = (ends[begun.length] ?? 0) - start
            assert.strictEqual(error.received, cut - start)
            assert.strictEqual(error.expected, cut - start < 5 ? 5 : whole)
          }
          assert.deepStrictEqual(yield* Effect.flip(duct.recv), error)
        }
      }).pipe(memory)
  )

  over("DW-25 a peer that ends inside a frame is MessageTruncated, and it can still be sent to", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      yield* hand.sendAll(frameOf("abc", 10))
      yield* hand.endWrite
      const error = yield* Effect.flip(duct.recv)
      assert.instanceOf(error, DuctError.MessageTruncated)
      assert.deepStrictEqual([error.expected, error.received], [15, 8])
      yield* duct.send("reply")
      assert.deepStrictEqual(Buffer.from(yield* hand.recvExact(12)), json("reply"))
    })
  )

  it.scoped("DW-33 M-15 every split point gives the same messages (memory)", () =>
    Effect.gen(function* () {
      const messages = ["", "é😀", [1, null], { a: "b" }]
      const bytes = json(...messages)
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { duct, hand } = yield* byHand(here)
        const receiving = yield* Effect.fork(Effect.all(messages.map(() => duct.recv)))
        yield* Effect.yieldNow()
        yield* hand.sendAll(bytes.subarray(0, cut))
        for (let i = 0; i < 5; i++) yield* Effect.yieldNow()
        yield* hand.sendAll(bytes.subarray(cut))
        assert.deepStrictEqual(yield* Fiber.join(receiving), messages)
      }
    }).pipe(memory)
  )

  over("DW-33 M-15 byte by byte gives the same messages", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      const messages = ["", "é😀", [1, null], { a: "b" }]
      const receiving = yield* Effect.fork(Effect.all(messages.map(() => duct.recv)))
      for (const byte of json(...messages)) yield* Effect.zipRight(hand.sendAll(Uint8Array.of(byte)), turn)
      assert.deepStrictEqual(yield* Fiber.join(receiving), messages)
    })
  )

  it("DW-33 any messages in any slices, polled in between, arrive once and in order (memory)", () =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(jsonText, { maxLength: 8 }),
        FastCheck.array(FastCheck.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }),
        (texts, sizes) =>
          Effect.gen(function* () {
            const { duct, hand } = yield* byHand(here)
            const bytes = Buffer.concat(texts.map((text) => frameOf(text)))
            const receiving = yield* Effect.fork(
              Effect.forEach(texts, () => Effect.zipRight(duct.poll(Duration.infinity), duct.recv))
            )
            for (let at = 0, i = 0; at < bytes.length; i++) {
              const size = sizes[i % sizes.length] ?? 1
              yield* hand.sendAll(bytes.subarray(at, (at += size)))
              if (size % 3 === 0) yield* Effect.yieldNow()
            }
            const messages = texts.map((text): unknown => JSON.parse(text))
            assert.deepStrictEqual(yield* Fiber.join(receiving), messages)
          }).pipe(Effect.scoped, memory, Effect.runPromise)
      ),
      { numRuns: 100, seed: 33 }
    ))

  it.scoped(
    "M-8 a peer that stalls inside a frame: DuctTimeout after the time-out, then the same message (memory)",
    () =>
      Effect.gen(function* () {
        const { duct, hand } = yield* byHand(here)
        const bytes = json("late")
        const receiving = yield* Effect.fork(Effect.flip(duct.recv))
        // Between frames there is no limit.
        yield* TestClock.adjust("1 day")
        yield* hand.sendAll(bytes.subarray(0, 3))
        yield* TestClock.adjust("29 seconds")
        yield* hand.sendAll(bytes.subarray(3, 8))
        yield* TestClock.adjust("999 millis")
        assert.isNull(receiving.unsafePoll())
        yield* TestClock.adjust("1 millis")
        const timeout = Duration.seconds(30)
        assert.deepStrictEqual(yield* Fiber.join(receiving), new DuctError.DuctTimeout({ operation: "recv", timeout }))
        const next = yield* Effect.fork(duct.recv)
        yield* TestClock.adjust("29 seconds")
        yield* hand.sendAll(Buffer.concat([bytes.subarray(8), json("more")]))
        assert.deepStrictEqual([yield* Fiber.join(next), yield* duct.recv], ["late", "more"])
      }).pipe(memory)
  )

  it.scoped("M-8 interrupted receives do not prolong the time of a message that stalls (memory)", () =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(here, { timeout: "5 seconds" })
      yield* hand.sendAll(json("late").subarray(0, 6))
      for (let i = 0; i < 2; i++) {
        const interrupted = yield* Effect.fork(duct.recv)
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.interrupt(interrupted)
      }
      const last = yield* Effect.fork(Effect.flip(duct.recv))
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(last), DuctError.DuctTimeout)
      yield* hand.sendAll(json("late").subarray(6))
      assert.strictEqual(yield* duct.recv, "late")
    }).pipe(memory)
  )

  over("DW-25 M-3 a reset is RemoteDuctReset, or an end; never a hang", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      yield* duct.send("unread by the other end, so that the system resets")
      yield* duct.flush
      yield* hand.close()
      assert.isTrue(DuctError.isEndOfFile(yield* Effect.flip(duct.recv)))
      assert.isTrue(DuctError.isEndOfFile(yield* Effect.flip(duct.recv)))
    })
  )

  it.scoped("DW-27 other framings: a 32-bit prefix, and lines, which cannot carry a newline (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const serializer = Serializer.text()
      const prefixed = yield* MessageDuct.fromRaw(left, { serializer, framing: Framing.lengthPrefix32 })
      yield* right.sendAll(Buffer.from([0, 0, 0, 2, 0x68, 0x69]))
      assert.strictEqual(yield* prefixed.recv, "hi")
      yield* prefixed.send("ho")
      assert.deepStrictEqual([...(yield* right.recvExact(6))], [0, 0, 0, 2, 0x68, 0x6f])

      const [one, other] = yield* RawDuct.pair()
      const lines = yield* MessageDuct.fromRaw(one, { serializer, framing: Framing.lines })
      assert.instanceOf(yield* Effect.flip(lines.send("two\nlines")), MessageError.SerializeError)
      yield* lines.sendAll(["a", "", "b"])
      assert.strictEqual(Buffer.from(yield* other.recv(100)).toString(), "a\n\nb\n")
      yield* other.sendAll(Buffer.from("x\r\n\nrest"))
      yield* other.close()
      assert.deepStrictEqual([yield* lines.recv, yield* lines.recv], ["x\r", ""])
      assert.instanceOf(yield* Effect.flip(lines.recv), DuctError.MessageTruncated)
    }).pipe(memory)
  )
})

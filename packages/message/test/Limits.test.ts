import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { byHand, connected, frameOf, json, over } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

/** Memory outside the heap that was reserved while the effect ran, more or less. */
const reserving = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = process.memoryUsage().arrayBuffers
    const result = yield* effect
    return [result, process.memoryUsage().arrayBuffers - before] as const
  })

describe("limits", () => {
  over("M-9 a length over the limit is MessageTooLarge at once, for good, and nothing is reserved for it", (kind) =>
    Effect.gen(function* () {
      const limit = 16 * 1024 * 1024
      for (const size of [limit + 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
        const { duct, hand } = yield* byHand(kind)
        yield* hand.sendAll(Buffer.concat([json("before"), frameOf("begin", size)]))
        const [message, forFirst] = yield* reserving(duct.recv)
        assert.strictEqual(message, "before")
        const [error, reserved] = yield* reserving(Effect.flip(duct.recv))
        const limitName = "maxMessageBytes"
        const wanted = new MessageError.MessageTooLarge({ direction: "recv", size, limit, limitName })
        assert.deepStrictEqual(error, wanted)
        assert.isBelow(Math.max(forFirst, reserved), 1024 * 1024)
        yield* hand.sendAll(json("after"))
        assert.deepStrictEqual(yield* Effect.flip(duct.recv), wanted)
        yield* duct.send("still")
        assert.deepStrictEqual(Buffer.from(yield* hand.recvExact(12)), json("still"))
      }
    })
  )

  over("M-9 a length within the limit reserves nothing before its bytes are here", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      yield* hand.sendAll(frameOf("begin", 16 * 1024 * 1024))
      const [isHere, reserved] = yield* reserving(duct.poll("2 millis"))
      assert.isFalse(isHere)
      assert.isBelow(reserved, 1024 * 1024)
    })
  )

  over("DW-32 a message over the limit sends nothing, alone or among others; one at the limit goes", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind, { maxMessageBytes: 12 })
      const atLimit = "0123456789"
      // The quotes count; then characters of two and three bytes, whose number alone is under the limit.
      for (const [message, size] of [
        [`${atLimit}!`, 13],
        ["éééééé", 14],
        ["€€€€", 14]
      ] as const) {
        const error = yield* Effect.flip(child.send(message))
        const limitName = "maxMessageBytes"
        assert.deepStrictEqual(
          error,
          new MessageError.MessageTooLarge({ direction: "send", size, limit: 12, limitName })
        )
      }
      assert.instanceOf(yield* Effect.flip(child.sendAll([1, 2, atLimit + atLimit, 3])), MessageError.MessageTooLarge)
      yield* child.send(atLimit)
      yield* child.endWrite
      assert.deepStrictEqual([yield* parent.recv, yield* parent.recv, yield* parent.recv], [1, 2, atLimit])
      assert.isTrue(yield* parent.poll())
      assert.strictEqual((yield* Effect.flip(parent.recv))._tag, "RemoteDuctClosed")
    })
  )

  it.scoped("M-9 limits: the serializer's, unless told otherwise; 0 and less let only nothing through (memory)", () =>
    Effect.gen(function* () {
      const [bytes] = yield* MessageDuct.pair({ serializer: Serializer.bytes })
      const size = 64 * 1024 * 1024 + 1
      const error = yield* Effect.flip(bytes.send(new Uint8Array(size)))
      assert.instanceOf(error, MessageError.MessageTooLarge)
      assert.deepStrictEqual([error.size, error.limit], [size, size - 1])
      for (const maxMessageBytes of [0, -1]) {
        const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), maxMessageBytes })
        assert.instanceOf(yield* Effect.flip(left.send("x")), MessageError.MessageTooLarge)
        yield* left.send("")
        assert.strictEqual(yield* right.recv, "")
      }
      const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), maxMessageBytes: Number.NaN })
      yield* left.send("the format's own limit")
      assert.strictEqual(yield* right.recv, "the format's own limit")
    }).pipe(memory)
  )

  it.scoped(
    "M-9 what a framing's header cannot tell of is over its limit, whatever maxMessageBytes says (memory)",
    () =>
      Effect.gen(function* () {
        const [raw] = yield* RawDuct.pair()
        const duct = yield* MessageDuct.fromRaw(raw, {
          serializer: Serializer.bytes,
          framing: { ...Framing.ductworks, name: "tiny", maxPayloadBytes: 2 },
          maxMessageBytes: Infinity
        })
        const error = yield* Effect.flip(duct.send(Uint8Array.of(1, 2, 3)))
        assert.instanceOf(error, MessageError.MessageTooLarge)
        assert.deepStrictEqual([error.limit, error.limitName], [2, "the tiny framing"])
      }).pipe(memory)
  )

  over("DW-28 DW-32 what cannot be serialized sends nothing, and the duct is as before", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const cycle: Array<unknown> = []
      cycle.push(cycle)
      for (const bad of [undefined, () => 1, 1n, cycle, { toJSON: () => undefined }]) {
        assert.instanceOf(yield* Effect.flip(child.send(bad)), MessageError.SerializeError)
        assert.instanceOf(yield* Effect.flip(child.sendAll([bad])), MessageError.SerializeError)
      }
      const text = yield* MessageDuct.pair({ serializer: Serializer.text() })
      for (const lone of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
        assert.instanceOf(yield* Effect.flip(text[0].send(lone)), MessageError.SerializeError)
      }
      yield* child.send("good")
      assert.strictEqual(yield* parent.recv, "good")
    })
  )

  it.scoped(
    "DW-32 a serializer that throws or dies is a SerializeError or a DeserializeError, no defect (memory)",
    () =>
      Effect.gen(function* () {
        const boom = new Error("boom")
        const dying: Record<string, Effect.Effect<never>> = { die: Effect.die(boom), "die at once": Exit.die(boom) }
        const decoded: Array<string> = []
        const broken: Serializer.Serializer<string> = {
          name: "broken",
          maxMessageBytes: 1000,
          encode: (text) => {
            if (text === "throw") throw boom
            return dying[text] ?? Effect.succeed(text)
          },
          decode: (payload) => {
            const text = new TextDecoder().decode(payload)
            decoded.push(text)
            if (text === "in throw") throw boom
            return dying[text.slice(3)] ?? Effect.succeed(text)
          }
        }
        const [left, right] = yield* MessageDuct.pair({ serializer: broken })
        for (const bad of ["throw", "die", "die at once"]) {
          const error = yield* Effect.flip(left.send(bad))
          assert.instanceOf(error, MessageError.SerializeError)
          assert.strictEqual(error.cause, boom)
          const among = yield* Effect.flip(left.sendAll([`in ${bad}`, bad, "not sent"]))
          assert.instanceOf(among, MessageError.SerializeError)
          yield* left.send("good")
          const wrong = yield* Effect.flip(right.recv)
          assert.instanceOf(wrong, MessageError.DeserializeError)
          assert.strictEqual(wrong.cause, boom)
          assert.strictEqual(yield* right.recv, "good")
        }
        assert.deepStrictEqual(decoded, ["in throw", "good", "in die", "good", "in die at once", "good"])
      }).pipe(memory)
  )

  over("DW-32 what is filled into a message after send does not change what was sent", (kind) =>
    Effect.gen(function* () {
      const raw = yield* RawDuct.parent(kind.anywhere)
      yield* raw.bind()
      const rawChild = yield* RawDuct.child({ address: yield* raw.listenerAddress })
      yield* rawChild.connect()
      yield* raw.listen()
      const parent = yield* MessageDuct.fromRaw(raw, { serializer: Serializer.bytes })
      const child = yield* MessageDuct.fromRaw(rawChild, { serializer: Serializer.bytes })
      const sizes = [1, 100, 16 * 1024, 100_000, 3_000_000]
      const receiving = yield* Effect.fork(Effect.replicateEffect(parent.recv, 2 * sizes.length))
      for (const size of sizes) {
        const message = new Uint8Array(size).fill(1)
        yield* child.send(message)
        message.fill(2)
        yield* child.sendAll([message])
        message.fill(3)
      }
      const received = yield* Fiber.join(receiving)
      for (const [i, message] of received.entries()) {
        assert.isTrue(Buffer.alloc(sizes[i >> 1] ?? 0, (i & 1) + 1).equals(message), `message ${i}`)
      }
    })
  )

  over("DW-32 small messages that wait to leave are not overwritten by later ones, of this duct or another", (kind) =>
    Effect.gen(function* () {
      const ducts = [yield* connected(kind), yield* connected(kind)]
      const message = (duct: number, i: number) => `${duct}:${i}:${"x".repeat(i % 3000)}`
      const sending = yield* Effect.fork(
        Effect.forEach(
          ducts,
          ({ child }, duct) => Effect.forEach(Array.from({ length: 2000 }), (_, i) => child.send(message(duct, i))),
          { concurrency: 2, discard: true }
        )
      )
      for (const [duct, { parent }] of ducts.entries()) {
        for (let i = 0; i < 2000; i++) assert.strictEqual(yield* parent.recv, message(duct, i))
      }
      yield* Fiber.join(sending)
    })
  )
})

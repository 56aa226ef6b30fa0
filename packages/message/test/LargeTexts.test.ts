import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { DeserializeError, MessageTooLarge } from "@ductworks/message/MessageError"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Schema } from "effect"
import { now, utf8 } from "./support/formats.js"

const memory = Effect.provide(MemoryTransport.layer)

type Format = Serializer.Serializer<unknown, unknown>

/** What a duct sends of the messages, payload by payload. */
const sent = (serializer: Format, messages: ReadonlyArray<unknown>, framing = Framing.ductworks) =>
  Effect.gen(function* () {
    const [left, right] = yield* RawDuct.pair()
    const sender = yield* MessageDuct.fromRaw(left, { serializer, framing })
    const receiver = yield* MessageDuct.fromRaw(right, { serializer: Serializer.bytes, framing })
    const sending = yield* Effect.fork(Effect.forEach(messages, (message) => sender.send(message)))
    const payloads = yield* Effect.forEach(messages, () => receiver.recv)
    yield* Fiber.join(sending)
    return payloads.map((payload) => Buffer.from(payload).toString())
  }).pipe(Effect.scoped, memory)

const isJson = (messages: ReadonlyArray<unknown>, framing = Framing.ductworks) =>
  Effect.map(sent(Serializer.json(), messages, framing), (payloads) => {
    for (const [i, payload] of payloads.entries())
      assert.isTrue(payload === JSON.stringify(messages[i]), `message ${i}`)
  })

const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code))

/** What JSON writes as an escape, and what looks like it. */
const odd = [...controls, '"', "\\", "\ud800", "\udfff", "\ud83d\ud83d\ude00", "\udc00\ud800"]
const plain = [
  "\u007f",
  "\u0080",
  "\u2028",
  "\u2029",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "😀",
  "，",
  "__proto__",
  "/",
  " ",
  "!"
]

const fillings = ["a", "é", "\u0ff0lol", "漢字", "ok 😀 "]

/** A text of more than 16 Ki characters with the piece at its beginning, in the middle, or at its end. */
const around = (filling: string, piece: string, place: number): string => {
  const some = filling.repeat(Math.ceil(20_000 / filling.length))
  const at = Math.round(some.length * place)
  return some.slice(0, at) + piece + some.slice(at)
}

const aText = FastCheck.tuple(
  FastCheck.constantFrom(...fillings),
  FastCheck.array(FastCheck.oneof(FastCheck.constantFrom(...odd, ...plain), FastCheck.fullUnicodeString()), {
    maxLength: 3
  }),
  FastCheck.constantFrom(0, 0.01, 0.5, 1)
).map(([filling, pieces, place]) => around(filling, pieces.join(""), place))

/** What `JSON.parse` makes of the payload, if that is UTF-8. */
const parsed = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload))
  } catch {
    return DeserializeError
  }
}

const agrees = (payload: Uint8Array): boolean => {
  const message = now(Serializer.json().decode(payload))
  return (message instanceof DeserializeError ? DeserializeError : message) === parsed(payload)
}

describe("DW-30 large texts in JSON", () => {
  it.live("every character that has an escape, and those that have none, wherever it stands", () =>
    isJson(
      [...odd, ...plain].flatMap((piece) =>
        fillings.flatMap((filling) => [0, 0.5, 1].map((p) => around(filling, piece, p)))
      )
    )
  )

  it.live("any text is sent as JSON.stringify writes it", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(FastCheck.array(aText, { minLength: 1, maxLength: 4 }), (texts) =>
          Effect.runPromise(isJson(texts))
        ),
        { numRuns: 60 }
      )
    )
  )

  it.live("on lines, and between smaller messages", () =>
    isJson(["a", around("a", "", 0), { a: 1 }, around("\u0ff0", "\n", 1), around("é", "", 0), "b"], Framing.lines)
  )

  it.live("with a Schema", () =>
    Effect.gen(function* () {
      const texts = fillings.flatMap((filling) => [around(filling, "", 0), around(filling, "\n", 0.5)])
      const serializer = Serializer.jsonSchema(Schema.Unknown)
      assert.deepStrictEqual(
        yield* sent(serializer, texts),
        texts.map((text) => JSON.stringify(text))
      )
    })
  )

  it.live("one without escapes is not made a second time, neither to send nor to receive it", () =>
    Effect.gen(function* () {
      const text = around("\u0ff0lol", "", 0)
      const [left, right] = yield* RawDuct.pair()
      const sender = yield* MessageDuct.fromRaw(left, { serializer: Serializer.json() })
      const receiver = yield* MessageDuct.fromRaw(right, { serializer: Serializer.json() })
      const spies = [vi.spyOn(JSON, "stringify"), vi.spyOn(JSON, "parse")]
      yield* Effect.addFinalizer(() => Effect.sync(() => spies.forEach((spy) => spy.mockRestore())))
      yield* sender.send(text)
      assert.isTrue((yield* receiver.recv) === text)
      for (const spy of spies) assert.strictEqual(spy.mock.calls.length, 0)
    }).pipe(Effect.scoped, memory)
  )

  it.live(
    "one that is over the limit only because of its quotes, its bytes or its escapes is refused, and nothing sent",
    () =>
      Effect.gen(function* () {
        const limit = 40_000
        const [left, right] = yield* RawDuct.pair()
        const settings = { serializer: Serializer.json(), maxMessageBytes: limit }
        const sender = yield* MessageDuct.fromRaw(left, settings)
        const receiver = yield* MessageDuct.fromRaw(right, settings)
        const refused = ["a".repeat(limit - 1), "é".repeat(limit / 2), "a".repeat(limit - 3) + "\n"]
        for (const text of refused) {
          const error = yield* Effect.flip(sender.send(text))
          assert.instanceOf(error, MessageTooLarge)
          assert.strictEqual(error.limit, limit)
        }
        const fits = "a".repeat(limit - 2)
        yield* sender.send(fits)
        assert.isTrue((yield* receiver.recv) === fits)
      }).pipe(Effect.scoped, memory)
  )

  it("any payload is read as JSON.parse reads it", () => {
    const quoted = FastCheck.tuple(aText, FastCheck.boolean()).map(([text, isValid]) =>
      utf8(isValid ? JSON.stringify(text) : `"${text}"`)
    )
    const change = FastCheck.option(FastCheck.tuple(FastCheck.nat(), FastCheck.nat(255)))
    FastCheck.assert(
      FastCheck.property(quoted, change, FastCheck.nat(3), (bytes, changed, offset) => {
        // Wherever it begins in its memory.
        const payload = new Uint8Array(bytes.length + offset).subarray(offset)
        payload.set(bytes)
        if (changed !== null) payload[changed[0] % payload.length] = changed[1]
        return agrees(payload)
      }),
      { numRuns: 300 }
    )
  })

  it("any byte, at any place of four, and as the last ones", () => {
    for (const filling of ["a", "\u0ff0"]) {
      const bytes = utf8(JSON.stringify(filling.repeat(20_000)))
      for (const at of [0, 1, 3000, 3001, 3002, 3003, ...[1, 2, 3, 4, 5, 18].map((n) => bytes.length - n)]) {
        for (let byte = 0; byte < 0x100; byte++) {
          const payload = Uint8Array.from(bytes)
          payload[at] = byte
          assert.isTrue(agrees(payload), `${byte} at ${at}`)
        }
      }
    }
  })
})

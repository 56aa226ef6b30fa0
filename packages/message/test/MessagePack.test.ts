import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { messagePack, messagePackSchema, timestamp } from "@ductworks/message/MessagePack"
import { assert, describe, it } from "@effect/vitest"
import { encode } from "@msgpack/msgpack"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { now, roundTrip, toBytes } from "./support/formats.js"

const packed = messagePack()

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))

const problemOf = (payload: Uint8Array, format = packed): string => {
  const error = now(format.decode(payload))
  assert.instanceOf(error, DeserializeError)
  return error.problem
}

describe("MessagePack", () => {
  it("any value comes back, bytes included", () => {
    const value = FastCheck.letrec((tie) => ({
      value: FastCheck.oneof(
        { maxDepth: 5 },
        FastCheck.constantFrom(null, true, false),
        FastCheck.maxSafeInteger(),
        FastCheck.double({ noNaN: true, noInteger: true }),
        FastCheck.string({ unit: "binary", maxLength: 300 }),
        FastCheck.uint8Array({ maxLength: 300 }),
        FastCheck.array(tie("value"), { maxLength: 20 }),
        FastCheck.dictionary(
          FastCheck.string().filter((key) => key !== "__proto__"),
          tie("value")
        )
      )
    })).value
    FastCheck.assert(
      FastCheck.property(value, (message) => {
        const expected: unknown = JSON.parse(JSON.stringify(message))
        assert.deepStrictEqual(JSON.parse(JSON.stringify(Effect.runSync(roundTrip(packed, message)))), expected)
      }),
      { numRuns: 300 }
    )
  })

  it("is what the specification says, and other implementations write", () => {
    assert.deepStrictEqual(
      now(packed.encode({ compact: true, schema: 0 })),
      hex("82a7 636f6d70616374 c3 a6 736368656d61 00")
    )
    const samples: ReadonlyArray<readonly [string, unknown]> = [
      ["c0", null],
      ["e0", -32],
      ["cc ff", 255],
      ["cd 0100", 256],
      ["ce ffffffff", 4294967295],
      ["cf 001fffffffffffff", Number.MAX_SAFE_INTEGER],
      ["d0 80", -128],
      ["d1 8000", -32768],
      ["d2 80000000", -2147483648],
      ["d3 ffe0000000000001", Number.MIN_SAFE_INTEGER],
      ["ca 3fc00000", 1.5],
      ["cb 3ff8000000000000", 1.5],
      ["d9 01 61", "a"],
      ["da 0001 61", "a"],
      ["db 00000001 61", "a"],
      ["c4 01 ff", Uint8Array.of(255)],
      ["c5 0001 ff", Uint8Array.of(255)],
      ["c6 00000001 ff", Uint8Array.of(255)],
      ["90", []],
      ["dc 0000", []],
      ["dd 00000001 90", [[]]],
      ["80", {}],
      ["de 0001 a161 80", { a: {} }],
      ["df 00000001 a161 93 01 02 03", { a: [1, 2, 3] }]
    ]
    for (const [bytes, value] of samples) assert.deepStrictEqual(now(packed.decode(hex(bytes))), value, bytes)
  })

  it("a payload that is cut anywhere, or goes on, is a DeserializeError", () => {
    const payload = encode({ list: [1, -1, 1e9, 1.5, "é".repeat(40), new Uint8Array(300)], map: { a: { b: [] } } })
    for (let length = 0; length < payload.length; length++) {
      assert.strictEqual(problemOf(payload.subarray(0, length)), "it ends before its value does")
    }
    assert.strictEqual(problemOf(Uint8Array.of(...payload, 0xc0, 0xc0)), "2 bytes follow the value")
  })

  it("a string that is not UTF-8 is a DeserializeError, short or long, as a key too", () => {
    for (const bad of ["61ff", "c0af", "eda080", "61".repeat(250) + "e697"]) {
      const text = hex(bad)
      const string = Uint8Array.of(0xd9, text.length, ...text)
      assert.strictEqual(problemOf(string), "a string in it is not utf-8")
      assert.strictEqual(problemOf(Uint8Array.of(0x81, ...string, 1)), "a string in it is not utf-8")
    }
  })

  it("arbitrary bytes give a value or a DeserializeError, never a defect", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ maxLength: 64 }), (noise) => {
        now(packed.decode(noise))
      }),
      { numRuns: 2000 }
    )
  })

  it("a message has its own bytes", () => {
    const chunk = new Uint8Array(65_536)
    const payload = encode({ deep: [new Uint8Array(10)] })
    chunk.set(payload)
    const message = now(packed.decode(chunk.subarray(0, payload.length)))
    chunk.fill(0xff)
    assert.deepStrictEqual(message, { deep: [new Uint8Array(10)] })
  })

  it("what would arrive as something else is a SerializeError", () => {
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    const lossy = [undefined, () => 1, Symbol("s"), 1n, cycle, new Map([[1, 2]]), [new Date()], { a: new Set() }]
    for (const message of [...lossy, "\ud800", ["\ud800"], { "\ud800": 1 }, { a: "\udfff" }]) {
      assert.instanceOf(now(packed.encode(message)), SerializeError)
    }
    assert.deepStrictEqual(Effect.runSync(roundTrip(packed, { a: 1, b: undefined })), { a: 1 })
    // The one that failed half-way leaves nothing behind.
    assert.deepStrictEqual(now(packed.encode([1])), hex("9101"))
  })

  it("integers beyond 2^53 are errors, or bigints where asked for", () => {
    assert.include(problemOf(hex("cf 0020000000000000")), "bigint: true")
    assert.include(problemOf(hex("d3 ffe0000000000000")), "bigint: true")
    const big = messagePack({ bigint: true })
    for (const n of [0n, 1n, -1n, 2n ** 64n - 1n, -(2n ** 63n)]) {
      assert.deepStrictEqual(Effect.runSync(roundTrip(big, [n])), [n])
    }
    assert.deepStrictEqual(Effect.runSync(roundTrip(big, [1, 2 ** 40])), [1, 2 ** 40])
    for (const n of [2n ** 64n, -(2n ** 63n) - 1n]) {
      for (const message of [n, [n], { n }]) assert.instanceOf(now(big.encode(message)), SerializeError)
    }
  })

  it("extensions need a codec", () => {
    const payload = encode(new Date(1234))
    assert.include(problemOf(payload), "extension type -1 has no codec")
    const dated = messagePack({ extensions: [timestamp] })
    assert.deepStrictEqual(now(dated.decode(payload)), new Date(1234))
    assert.deepStrictEqual(Effect.runSync(roundTrip(dated, [new Date(5)])), [new Date(5)])
    assert.include(problemOf(hex("c7 00 05"), dated), "extension type 5 has no codec")
    const kept: Array<Uint8Array> = []
    const own = messagePack({
      extensions: [
        {
          type: 5,
          encode: (value) => (value instanceof Set ? Uint8Array.from(value) : undefined),
          decode: (bytes) => {
            kept.push(bytes)
            return new Set(bytes)
          }
        }
      ]
    })
    assert.deepStrictEqual(Effect.runSync(roundTrip(own, { s: new Set([1, 2, 3]) })), { s: new Set([1, 2, 3]) })
    assert.strictEqual(kept[0]?.buffer.byteLength, 3)
  })

  it("ST-39 M-14 what an extension gives is its own: frozen, computed, in circles, beside bytes too", () => {
    class Mark {}
    const made: Array<object> = []
    const circle: { readonly self: () => unknown; again?: unknown } = { self: () => circle }
    circle.again = circle
    const values = [
      Object.freeze({ a: Object.freeze([1]) }),
      circle,
      {
        get computed() {
          return 1
        }
      }
    ]
    const format = messagePack({
      extensions: [
        {
          type: 0,
          encode: (value) => (value instanceof Mark ? new Uint8Array([made.length]) : undefined),
          decode: (bytes) => {
            const value = values[bytes[0] ?? 0]
            if (value !== undefined) made.push(value)
            return value
          }
        }
      ]
    })
    for (const value of values) {
      const back = Effect.runSync(roundTrip(format, [new Mark(), new Uint8Array([1])]))
      assert.isTrue(Array.isArray(back) && back[0] === value)
    }
    assert.deepStrictEqual(made, values)
  })

  it("ST-39 an extension of a type that a byte cannot hold is a SerializeError, not another type", () => {
    for (const type of [128, 300, -129, 1.5, NaN]) {
      const other = { type: 44, encode: () => undefined, decode: () => "other" }
      const format = messagePack({ extensions: [{ ...other, type, encode: () => new Uint8Array(1) }, other] })
      const error = now(format.encode([1]))
      assert.instanceOf(error, SerializeError)
      assert.include(error.problem, `${type} is no extension type`)
    }
  })

  it("ST-39 an invalid Date is a SerializeError, not 1970", () => {
    const error = now(messagePack({ extensions: [timestamp] }).encode([new Date(NaN)]))
    assert.instanceOf(error, SerializeError)
    assert.include(error.problem, "a Date in it is invalid")
  })

  it("M-9 limits that are no numbers are the defaults", () => {
    const { maxMessageBytes } = messagePack({ maxMessageBytes: NaN })
    assert.strictEqual(maxMessageBytes, 16 * 1024 * 1024)
    const deep = Uint8Array.from({ length: 102 }, () => 0x91)
    deep[101] = 1
    assert.include(problemOf(deep, messagePack({ maxDepth: NaN })), "nested deeper than 100 levels")
  })

  it("with a Schema", () => {
    class Thumbnail extends Schema.Class<Thumbnail>("Thumbnail")({
      path: Schema.String,
      bytes: Schema.Uint8ArrayFromSelf
    }) {}
    const thumbnails = messagePackSchema(Thumbnail)
    const thumbnail = new Thumbnail({ path: "a.png", bytes: Uint8Array.of(1, 2) })
    const payload = now(thumbnails.encode(thumbnail))
    assert.instanceOf(payload, Uint8Array)
    const decoded = Effect.runSync(roundTrip(thumbnails, thumbnail))
    assert.instanceOf(decoded, Thumbnail)
    assert.deepStrictEqual(decoded.bytes, Uint8Array.of(1, 2))
    const error = now(thumbnails.decode(toBytes(encode({ path: 1 }))))
    assert.isTrue(error instanceof DeserializeError && error.problem.startsWith('at "path"'))
  })
})

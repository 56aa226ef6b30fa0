import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { now, roundTrip, utf8 } from "./support/formats.js"

const lone = "a\ud800b"

describe("DW-28 text is encoded strictly", () => {
  it("utf-8 is handed on as text; a lone surrogate is an error, not U+FFFD", () => {
    assert.strictEqual(now(Serializer.text().encode("héllo \u{1f600} \uffff\0")), "héllo \u{1f600} \uffff\0")
    for (const text of [lone, "\udfff", "\udc00\ud800"]) {
      const error = now(Serializer.text().encode(text))
      assert.instanceOf(error, SerializeError)
      assert.strictEqual(error.serializer, "text/utf-8")
      assert.notInclude(error.message, text)
    }
  })

  it("utf-16le", () => {
    const utf16 = Serializer.text({ encoding: "utf-16le" })
    const text = "aé日\u{1f600}\ufeff"
    assert.deepStrictEqual(now(utf16.encode(text)), new Uint8Array(Buffer.from(text, "utf16le")))
    assert.strictEqual(Effect.runSync(roundTrip(utf16, text)), text)
    assert.instanceOf(now(utf16.encode(lone)), SerializeError)
  })

  it("latin1 is ISO-8859-1: every byte is the character of its number; others are errors", () => {
    const latin1 = Serializer.text({ encoding: "latin1" })
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
    assert.deepStrictEqual(
      now(latin1.encode(all)),
      Uint8Array.from({ length: 256 }, (_, byte) => byte)
    )
    assert.strictEqual(Effect.runSync(roundTrip(latin1, all)), all)
    assert.strictEqual(now(latin1.decode(Uint8Array.of(0x80))), "\u0080")
    for (const text of ["€", "\u0100", lone]) assert.instanceOf(now(latin1.encode(text)), SerializeError)
    const long = "é".repeat(300_000)
    assert.strictEqual(Effect.runSync(roundTrip(latin1, long)), long)
  })

  it("ascii", () => {
    const ascii = Serializer.text({ encoding: "ascii" })
    assert.strictEqual(Effect.runSync(roundTrip(ascii, "plain\0\x7f")), "plain\0\x7f")
    for (const text of ["\u0080", "é", "日"]) assert.instanceOf(now(ascii.encode(text)), SerializeError)
  })

  it("a serializer from a text function, which may throw", () => {
    const numbers = Serializer.fromText<number>({
      name: "numbers",
      encode: (n) => {
        if (n < 0) throw new RangeError("negative")
        return String(n)
      },
      decode: (text) => {
        const n = Number(text)
        if (Number.isNaN(n)) throw new TypeError(`no number:\n${text}`)
        return n
      }
    })
    assert.strictEqual(Effect.runSync(roundTrip(numbers, 42)), 42)
    const encode = now(numbers.encode(-1))
    assert.instanceOf(encode, SerializeError)
    assert.strictEqual(encode.problem, '"negative"')
    assert.instanceOf(encode.cause, RangeError)
    const decode = now(numbers.decode(utf8("x".repeat(1000))))
    assert.instanceOf(decode, DeserializeError)
    assert.strictEqual(decode.size, 1000)
    assert.include(decode.message, "\\u000a")
    assert.isBelow(decode.message.length, 300)
  })
})

describe("DW-29 text is decoded replacing, strict where asked", () => {
  const bad: ReadonlyArray<readonly ["utf-8" | "utf-16le" | "ascii", ReadonlyArray<number>, string]> = [
    ["utf-8", [0x61, 0xff, 0x62], "a\ufffdb"],
    ["utf-8", [0x61, 0xe6, 0x97], "a\ufffd"],
    ["utf-8", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    ["utf-8", [0xc0, 0xaf], "\ufffd\ufffd"],
    ["utf-16le", [0x61, 0x00, 0x62], "a\ufffd"],
    ["utf-16le", [0x00, 0xd8, 0x61, 0x00], "\ufffda"],
    ["ascii", [0x61, 0x80, 0xff], "a\ufffd\ufffd"]
  ]
  for (const [encoding, payload, replaced] of bad) {
    it(`${encoding} ${Buffer.from(payload).toString("hex")}`, () => {
      const bytes = Uint8Array.from(payload)
      assert.strictEqual(now(Serializer.text({ encoding }).decode(bytes)), replaced)
      const error = now(Serializer.text({ encoding, decoding: "strict" }).decode(bytes))
      assert.instanceOf(error, DeserializeError)
      assert.include(error.problem, encoding)
    })
  }

  it("strict decoding passes what is good; a byte order mark stays part of the text", () => {
    for (const decoding of ["replace", "strict"] as const) {
      for (const encoding of ["utf-8", "utf-16le"] as const) {
        const serializer = Serializer.text({ decoding, encoding })
        assert.strictEqual(Effect.runSync(roundTrip(serializer, "\ufeffé\u{1f600}")), "\ufeffé\u{1f600}")
      }
    }
  })

  it("any well-formed text comes back, in any encoding that has its characters", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => {
        for (const encoding of ["utf-8", "utf-16le"] as const) {
          assert.strictEqual(Effect.runSync(roundTrip(Serializer.text({ encoding }), text)), text)
        }
      })
    )
  })
})

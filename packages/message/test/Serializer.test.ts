import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import { execFileSync } from "node:child_process"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { now, roundTrip, toBytes, utf8 } from "./support/formats.js"

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

describe("DW-30 JSON", () => {
  const json = Serializer.json()

  it("any JSON value comes back", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        assert.strictEqual(JSON.stringify(Effect.runSync(roundTrip(json, value))), text)
      })
    )
  })

  it("lone surrogates travel escaped, so the text has none", () => {
    assert.strictEqual(now(json.encode([lone])), '["a\\ud800b"]')
    assert.deepStrictEqual(Effect.runSync(roundTrip(json, [lone])), [lone])
  })

  const value = { text: 'é日\u{1f600}"\\\n\u2028', list: [1, -2.5, 1e21, true, null, {}], ключ: "" }

  it("reads what Python's json writes, ASCII-escaped or not", () => {
    const script = (ascii: string) =>
      `import json,sys; sys.stdout.buffer.write(json.dumps(json.load(sys.stdin.buffer), ensure_ascii=${ascii}).encode())`
    for (const ascii of ["True", "False"]) {
      const written = execFileSync("python3", ["-c", script(ascii)], { input: JSON.stringify(value) })
      assert.strictEqual(
        written.every((byte) => byte < 0x80),
        ascii === "True"
      )
      assert.deepStrictEqual(now(json.decode(written)), value)
    }
  })

  it("Python's json reads what this writes", () => {
    const payload = toBytes(Effect.runSync(json.encode(value)))
    const script =
      "import json,sys; d=json.loads(sys.stdin.buffer.read().decode()); print(d['text']==sys.argv[1], d['list'])"
    const printed = execFileSync("python3", ["-c", script, value.text], { input: payload, encoding: "utf8" })
    assert.strictEqual(printed, "True [1, -2.5, 1e+21, True, None, {}]\n")
  })

  it("what JSON has no form for is a SerializeError, and says what", () => {
    const cycle: Record<string, unknown> = {}
    cycle["self"] = cycle
    const thrower = {
      toJSON: () => {
        throw new Error("secret\u0007".repeat(100))
      }
    }
    for (const message of [undefined, () => 1, Symbol("s"), 10n, { n: [10n] }, cycle, thrower]) {
      const error = now(json.encode(message))
      assert.instanceOf(error, SerializeError)
      assert.strictEqual(error.serializer, "json")
      assert.isBelow(error.message.length, 300)
      assert.notInclude(error.message, "\u0007")
    }
  })

  it("what is no JSON is a DeserializeError that does not print it", () => {
    const bad = [
      "",
      "{",
      "hunter2",
      '{"password":"hunter2"',
      "[hunter2]",
      "NaN",
      "[Infinity]",
      "\ufeff{}",
      "[1]hunter2"
    ]
    for (const text of bad) {
      const error = now(json.decode(utf8(text)))
      assert.instanceOf(error, DeserializeError, text)
      assert.strictEqual(error.size, utf8(text).length)
      assert.notInclude(Cause.pretty(Cause.fail(error), { renderErrorCause: true }), "hunter2")
    }
  })

  it("bad UTF-8 in JSON is an error, not a message that nobody sent", () => {
    assert.instanceOf(now(json.decode(Uint8Array.of(0x22, 0xff, 0x22))), DeserializeError)
  })
})

describe("Serializer.make", () => {
  it("what the functions throw is typed, whatever it is", () => {
    for (const thrown of [new Error("x"), "text", undefined, null, 1n, Symbol("s"), Object.create(null)] as const) {
      const broken = Serializer.make<string>({
        name: "broken",
        encode: () => {
          throw thrown
        },
        decode: () => {
          throw thrown
        }
      })
      assert.instanceOf(now(broken.encode("a")), SerializeError)
      assert.instanceOf(now(broken.decode(utf8("a"))), DeserializeError)
    }
  })

  it("DW-28 text that is not well-formed does not get out", () => {
    const identity = Serializer.make<string>({ name: "identity", encode: (text) => text, decode: () => "" })
    assert.instanceOf(now(identity.encode(lone)), SerializeError)
  })

  it("limits: 16 MiB by default, 64 MiB for bytes, or what is asked for", () => {
    const options = { name: "x", encode: (text: string) => text, decode: () => "" }
    assert.strictEqual(Serializer.make(options).maxMessageBytes, 16 * 1024 * 1024)
    assert.strictEqual(Serializer.json().maxMessageBytes, 16 * 1024 * 1024)
    assert.strictEqual(Serializer.bytes.maxMessageBytes, 64 * 1024 * 1024)
    assert.strictEqual(Serializer.make({ ...options, maxMessageBytes: 7 }).maxMessageBytes, 7)
    assert.strictEqual(Serializer.json({ maxMessageBytes: 7 }).maxMessageBytes, 7)
  })
})

describe("Serializer.makeEffect", () => {
  const of = (effect: Effect.Effect<string, Error>) =>
    Serializer.makeEffect({ name: "slow", encode: () => effect, decode: () => effect })

  it.effect("runs its Effects", () =>
    Effect.gen(function* () {
      const slow = of(Effect.as(Effect.yieldNow(), "later"))
      assert.strictEqual(yield* slow.encode(undefined), "later")
      assert.strictEqual(yield* slow.decode(utf8("")), "later")
    })
  )

  it.effect("failures, defects and lone surrogates are typed; interruption stays interruption", () =>
    Effect.gen(function* () {
      for (const effect of [Effect.fail(new Error("no")), Effect.die("no"), Effect.succeed(lone)]) {
        assert.instanceOf(yield* Effect.flip(of(effect).encode(undefined)), SerializeError)
      }
      assert.instanceOf(yield* Effect.flip(of(Effect.die("no")).decode(utf8(""))), DeserializeError)
      const exit = yield* Effect.exit(of(Effect.interrupt).decode(utf8("")))
      assert.isTrue(Exit.isInterrupted(exit))
    })
  )
})

describe("Serializer.bytes", () => {
  it("a message has its own bytes, and a large one is not copied", () => {
    const chunk = new Uint8Array(65_536).fill(1)
    const small = now(Serializer.bytes.decode(chunk.subarray(10, 20)))
    const large = now(Serializer.bytes.decode(chunk.subarray(5)))
    assert.isTrue(small instanceof Uint8Array && small.buffer.byteLength === 10)
    assert.isTrue(large instanceof Uint8Array && large.buffer === chunk.buffer)
  })
})

describe("Serializer.compressed", () => {
  const deflate = {
    name: "deflate",
    compress: (bytes: Uint8Array) => deflateRawSync(bytes),
    decompress: (bytes: Uint8Array, maxOutputLength: number) => inflateRawSync(bytes, { maxOutputLength })
  }

  it("compresses text and bytes, synchronously where the functions are", () => {
    const json = Serializer.compressed(Serializer.json(), deflate)
    const value = { text: "lol".repeat(10_000) }
    const payload = now(json.encode(value))
    assert.isTrue(payload instanceof Uint8Array && payload.length < 200)
    assert.deepStrictEqual(Effect.runSync(roundTrip(json, value)), value)
    assert.strictEqual(json.name, "json+deflate")
    const bytes = Serializer.compressed(Serializer.bytes, deflate)
    assert.deepStrictEqual(Effect.runSync(roundTrip(bytes, Uint8Array.of(1, 2, 3))), Uint8Array.of(1, 2, 3))
  })

  it.effect("the functions may return Effects", () =>
    Effect.gen(function* () {
      const slow = Serializer.compressed(Serializer.json(), {
        name: "slow",
        compress: (bytes) => Effect.as(Effect.yieldNow(), deflate.compress(bytes)),
        decompress: (bytes, max) => Effect.try(() => deflate.decompress(bytes, max))
      })
      assert.deepStrictEqual(yield* roundTrip(slow, [1, 2]), [1, 2])
      assert.instanceOf(yield* Effect.flip(slow.decode(utf8("garbage!"))), DeserializeError)
    })
  )

  it("the limit holds before and after, both ways", () => {
    const small = Serializer.compressed(Serializer.text({ maxMessageBytes: 1000 }), deflate)
    assert.strictEqual(small.maxMessageBytes, 1000)
    assert.strictEqual(Effect.runSync(roundTrip(small, "x".repeat(1000))), "x".repeat(1000))
    for (const text of ["x".repeat(1001), "é".repeat(501)]) {
      const error = now(small.encode(text))
      assert.instanceOf(error, SerializeError)
      assert.include(error.problem, "1000 bytes (maxMessageBytes")
    }
    const bomb = deflateRawSync(Buffer.alloc(1_000_000))
    assert.isBelow(bomb.length, 1000)
    assert.instanceOf(now(small.decode(bomb)), DeserializeError)
    const careless = Serializer.compressed(Serializer.text({ maxMessageBytes: 1000 }), {
      ...deflate,
      decompress: (bytes) => inflateRawSync(bytes)
    })
    const error = now(careless.decode(bomb))
    assert.instanceOf(error, DeserializeError)
    assert.include(error.problem, "1000 bytes (maxMessageBytes")
  })
})

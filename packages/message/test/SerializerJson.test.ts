import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { execFileSync } from "node:child_process"
import { now, roundTrip, toBytes, utf8 } from "./support/formats.js"

const lone = "a\ud800b"

describe("DW-30 JSON", () => {
  const json = Serializer.json()

  /** A key of that name is refused; see Untrusted.test.ts. */
  const jsonValue = FastCheck.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"))

  it("any JSON value comes back", () => {
    FastCheck.assert(
      FastCheck.property(jsonValue, (value) => {
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

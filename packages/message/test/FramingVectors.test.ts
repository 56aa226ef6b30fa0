import { Framing } from "@ductworks/message"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { byteByByte, cut, decode, frame, type Outcome } from "./support/frames.js"

const Vectors = Schema.Struct({
  framing: Schema.Literal("ductworks", "lengthPrefix32", "lines"),
  limit: Schema.Number,
  cases: Schema.NonEmptyArray(
    Schema.Struct({
      name: Schema.String,
      bytes: Schema.String,
      frames: Schema.Array(Schema.String),
      fault: Schema.optional(
        Schema.Union(
          Schema.Struct({ kind: Schema.Literal("bad magic"), expected: Schema.Number, received: Schema.Number }),
          Schema.Struct({ kind: Schema.Literal("too large"), size: Schema.Number, limit: Schema.Number })
        )
      ),
      partial: Schema.optional(Schema.Struct({ received: Schema.Number, expected: Schema.Number }))
    })
  )
})

type Case = (typeof Vectors.Type)["cases"][number]

const read = (name: string) =>
  pipe(
    readFileSync(new URL(`../../../docs/vectors/${name}.json`, import.meta.url), "utf8"),
    Schema.decodeSync(Schema.parseJson(Vectors))
  )

const faultOf = ({ fault }: Case): Framing.Fault | undefined => {
  if (fault === undefined) return undefined
  return fault.kind === "bad magic"
    ? { _tag: "BadMagic", expected: fault.expected, received: fault.received }
    : { _tag: "TooLarge", size: fault.size, limit: fault.limit }
}

for (const name of ["ductworks", "lengthPrefix32", "lines"]) {
  const { cases, framing: framingName, limit } = read(name)
  const framing = Framing[framingName]

  describe(`DW-27 the test vectors of ${name}`, () => {
    for (const vector of cases) {
      const bytes = Buffer.from(vector.bytes, "hex")
      const expected: Outcome = { frames: vector.frames, fault: faultOf(vector), partial: vector.partial }

      it(`${vector.name}: whole, byte by byte, at every split point`, () => {
        assert.deepStrictEqual(decode(framing, limit, [bytes]), expected)
        assert.deepStrictEqual(decode(framing, limit, byteByByte(bytes)), expected)
        for (let at = 0; at <= bytes.length; at++) {
          assert.deepStrictEqual(decode(framing, limit, cut(bytes, [at])), expected)
        }
      })

      it(`${vector.name}: with bytes after it`, () => {
        const more = frame(framing, new TextEncoder().encode("more"))
        if (vector.partial !== undefined) return
        const frames = vector.fault === undefined ? [...vector.frames, "6d6f7265"] : vector.frames
        assert.deepStrictEqual(decode(framing, limit, [Buffer.concat([bytes, more])]), { ...expected, frames })
      })

      if (vector.fault === undefined && vector.partial === undefined) {
        it(`${vector.name}: is what this end writes`, () => {
          const written = vector.frames.map((payload) => frame(framing, Buffer.from(payload, "hex")))
          assert.strictEqual(Buffer.concat(written).toString("hex"), vector.bytes)
        })
      }
    }
  })
}

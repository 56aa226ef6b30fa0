import { Framing } from "@ductworks/message"
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { wholeOf } from "../src/internal/framing/whole.js"
import { decode, frame } from "./support/frames.js"

const limit = 100

const bytes = FastCheck.uint8Array({ maxLength: limit + 3 })

const hex = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString("hex")

/** What a decoder makes of a chunk that holds one frame, is within the limit, and has nothing behind it. */
const onlyFrame = (framing: Framing.Framing, chunk: Uint8Array) => {
  const { fault, frames, partial } = decode(framing, limit, [chunk])
  return fault === undefined && partial === undefined && frames.length === 1 ? frames[0] : undefined
}

for (const framing of [Framing.ductworks, Framing.lengthPrefix32, Framing.lines]) {
  describe(`DW-27 a chunk that is one frame, ${framing.name}`, () => {
    const whole = wholeOf(framing.decoder)
    const payload = bytes.map((all) => (framing.trailerBytes === 0 ? all : all.filter((byte) => byte !== 0x0a)))

    it("is told from any other as a decoder tells it", () => {
      // Cut short, with something behind it, with a byte changed, or as it is.
      const around = FastCheck.tuple(payload, FastCheck.nat(2), bytes, FastCheck.option(FastCheck.nat(limit)))
      FastCheck.assert(
        FastCheck.property(around, ([payload, less, behind, changed]) => {
          const sealed = frame(framing, payload)
          for (const chunk of [sealed, sealed.subarray(less), Buffer.concat([sealed, behind]), behind]) {
            assert.strictEqual(hex(whole(chunk, limit)), onlyFrame(framing, chunk))
          }
          const wrong = sealed.map((byte, at) => (at === changed ? byte ^ 1 : byte))
          assert.strictEqual(hex(whole(wrong, limit)), onlyFrame(framing, wrong))
        })
      )
    })

    it("is not seen in a framing that was copied with another decoder", () => {
      const other: Framing.Framing = { ...framing, decoder: (most) => framing.decoder(most) }
      assert.isUndefined(wholeOf(other.decoder)(frame(framing, Uint8Array.of(1)), limit))
      assert.isDefined(whole(frame(framing, Uint8Array.of(1)), limit))
    })
  })
}

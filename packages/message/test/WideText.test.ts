import { isDone } from "@ductworks/core/Settled"
import { Serializer } from "@ductworks/message"
import { assert, describe, it } from "@effect/vitest"
import { Exit, FastCheck } from "effect"

const decoders = {
  strict: {
    ours: Serializer.text({ decoding: "strict" }),
    theirs: new TextDecoder("utf-8", { ignoreBOM: true, fatal: true })
  },
  replacing: { ours: Serializer.text(), theirs: new TextDecoder("utf-8", { ignoreBOM: true }) }
}

const decode = (ours: Serializer.Serializer<string>, payload: Uint8Array): string | undefined => {
  const exit = ours.decode(payload)
  assert.isTrue(isDone(exit))
  return isDone(exit) && Exit.isSuccess(exit) ? exit.value : undefined
}

const expected = (theirs: InstanceType<typeof TextDecoder>, payload: Uint8Array): string | undefined => {
  try {
    return theirs.decode(payload)
  } catch {
    return undefined
  }
}

/** Whether we decode the payload as the engine does, or refuse what it refuses. */
const agree = (payload: Uint8Array): boolean =>
  Object.values(decoders).every(({ ours, theirs }) => decode(ours, payload) === expected(theirs, payload))

/** At least 24 KiB of the character, into which the bytes are put at an index. */
const around = (bytes: ReadonlyArray<number>, index: number, character = "\u0ff0"): Uint8Array => {
  const payload = new TextEncoder().encode(character.repeat(12_288))
  payload.set(bytes, index)
  return payload
}

describe("DW-29 large texts beyond Latin-1", () => {
  it("every code point comes back", () => {
    for (let from = 0; from < 0x110000; from += 0x8000) {
      const points = Array.from({ length: 0x8000 }, (_, i) => from + i)
      const text = String.fromCodePoint(...points.filter((point) => point < 0xd800 || point > 0xdfff))
      const payload = new TextEncoder().encode(text)
      assert.isTrue(decode(decoders.strict.ours, payload) === text, from.toString(16))
      assert.isTrue(agree(payload))
    }
  })

  it("what is not UTF-8 is found, or replaced, as the engine does it: any first byte, and all that may follow it", () => {
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
    for (let first = 0x80; first < 0x100; first++) {
      for (const second of edges) {
        for (const third of [0x20, 0x80, 0xbf, 0xe0]) {
          const bytes = [first, second, third, 0x80]
          assert.isTrue(agree(around(bytes, 3000)), `${bytes.map((byte) => byte.toString(16)).join(" ")}`)
        }
      }
    }
  })

  it("of two bytes, one after the other", () => {
    for (let first = 0x80; first < 0x100; first++) {
      for (const second of [0x20, 0x80, 0xbf, 0xc3]) {
        for (const index of [3000, 3001, 3002]) {
          const place = `${first.toString(16)} ${second.toString(16)} at ${index}`
          assert.isTrue(agree(around([first, second], index, "\u0416")), place)
        }
      }
    }
  })

  it("and wherever it ends", () => {
    for (const character of ["é", "\u0ff0", "😀"]) {
      const payload = new TextEncoder().encode("\u0ff0".repeat(8192) + character)
      for (let cut = 0; cut < 5; cut++) assert.isTrue(agree(payload.subarray(0, payload.length - cut)))
    }
  })

  it("any mix of characters, with any byte changed", () => {
    const piece = FastCheck.constantFrom(
      "a",
      "\n",
      "é",
      "ß",
      "\u0ff0",
      "\ufeff",
      "漢字",
      "😀",
      "\u{10ffff}",
      "\uffff",
      "\u0800"
    )
    const change = FastCheck.tuple(FastCheck.nat(), FastCheck.nat(255))
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(piece, { minLength: 1, maxLength: 30 }),
        FastCheck.option(change),
        FastCheck.boolean(),
        (pieces, changed, hasMark) => {
          const some = pieces.join("")
          const text = (hasMark ? "\ufeff" : "") + some.repeat(Math.ceil(20_000 / some.length))
          const payload = new TextEncoder().encode(text)
          assert.isTrue(decode(decoders.strict.ours, payload) === text)
          if (changed !== null) payload[changed[0] % payload.length] = changed[1]
          assert.isTrue(agree(payload))
        }
      ),
      { numRuns: 200 }
    )
  })
})

import { Framing } from "@ductworks/message"
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { byteByByte, cut, decode, frame } from "./support/frames.js"

const framings = [Framing.ductworks, Framing.lengthPrefix32, Framing.lines]
const prefixed = [Framing.ductworks, Framing.lengthPrefix32]
const limit = 1000

const payloads = (framing: Framing.Framing) =>
  FastCheck.array(FastCheck.uint8Array({ maxLength: 300 }), { maxLength: 8 }).map((all) =>
    framing.trailerBytes === 0 ? all : all.map((payload) => payload.map((byte) => (byte === 0x0a ? 0x0b : byte)))
  )

const stream = (framing: Framing.Framing, all: ReadonlyArray<Uint8Array>) =>
  Buffer.concat(all.map((payload) => frame(framing, payload)))

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

it("DW-26 the magic byte is 0x54", () => {
  assert.strictEqual(Framing.magicByte, 0x54)
})

it("DW-27 a frame is 0x54, the length as u32 big-endian, the payload; nothing else is touched", () => {
  const target = new Uint8Array(12).fill(0xaa)
  target.set([1, 2, 3], 2 + 5)
  assert.isUndefined(Framing.ductworks.seal(target, 2, 3))
  assert.strictEqual(hex(target), "aaaa" + "5400000003" + "010203" + "aaaa")
})

it("DW-27 lengths are unsigned, up to 0xffffffff; one more cannot be carried", () => {
  for (const framing of prefixed) {
    const target = new Uint8Array(framing.headerBytes)
    assert.isUndefined(framing.seal(target, 0, 0xffffffff))
    assert.strictEqual(hex(target.subarray(-4)), "ffffffff")
    assert.strictEqual(framing.maxPayloadBytes, 0xffffffff)
    assert.isString(framing.seal(target, 0, 0x100000000))
    const outcome = decode(framing, 0xfffffffe, [target])
    assert.deepStrictEqual(outcome.fault, { _tag: "TooLarge", size: 0xffffffff, limit: 0xfffffffe })
    const accepted = decode(framing, 0xffffffff, [target])
    assert.deepStrictEqual(accepted.partial, {
      received: framing.headerBytes,
      expected: framing.headerBytes + 0xffffffff
    })
  }
})

it("lines: a payload with a newline is refused, and says where it is", () => {
  const target = new TextEncoder().encode("xa\nb.\n")
  assert.match(Framing.lines.seal(target, 1, 3) ?? "", /byte 1 of the payload/)
  assert.isUndefined(Framing.lines.seal(target, 3, 1), "newlines around the payload are not its own")
  assert.strictEqual(Buffer.from(target).toString(), "xa\nb\n\n")
})

for (const framing of framings) {
  describe(`DW-27 ${framing.name}`, () => {
    it("any chunking gives the same frames", () => {
      const cuts = FastCheck.array(FastCheck.nat(2600), { maxLength: 40 })
      FastCheck.assert(
        FastCheck.property(payloads(framing), cuts, (all, positions) => {
          const outcome = decode(framing, limit, cut(stream(framing, all), positions))
          assert.deepStrictEqual(outcome, { frames: all.map(hex), fault: undefined, partial: undefined })
        }),
        { numRuns: 300 }
      )
    })

    it("all chunks before the first frame is asked for give the same frames", () => {
      const cuts = FastCheck.array(FastCheck.nat(2600), { maxLength: 60 })
      FastCheck.assert(
        FastCheck.property(payloads(framing), cuts, (all, positions) => {
          const decoder = framing.decoder(limit)
          for (const chunk of cut(stream(framing, all), positions)) decoder.push(chunk)
          for (const payload of all) assert.deepStrictEqual(decoder.next(), new Uint8Array(payload))
          assert.isUndefined(decoder.next())
          assert.isUndefined(decoder.partial())
        }),
        { numRuns: 200 }
      )
    })

    it("arbitrary bytes never throw, and their chunking does not matter", () => {
      FastCheck.assert(
        FastCheck.property(FastCheck.uint8Array({ maxLength: 200 }), FastCheck.nat(60), (noise, small) => {
          const whole = decode(framing, small, [noise])
          assert.deepStrictEqual(decode(framing, small, byteByByte(noise)), whole)
        }),
        { numRuns: 300 }
      )
    })

    const sample = ["", "hello", "x".repeat(70), "", "end"].map((text) => new TextEncoder().encode(text))

    it("every split point", () => {
      const bytes = stream(framing, sample)
      for (let first = 0; first <= bytes.length; first++) {
        for (let second = first; second <= bytes.length; second += 7) {
          assert.deepStrictEqual(decode(framing, limit, cut(bytes, [first, second])).frames, sample.map(hex))
        }
      }
    })

    it("truncation at every offset: whole frames first, then what is here of the rest", () => {
      const bytes = stream(framing, sample)
      const ends = sample.map((_, i) => stream(framing, sample.slice(0, i + 1)).length)
      for (let length = 0; length < bytes.length; length++) {
        const outcome = decode(framing, limit, [bytes.subarray(0, length)])
        const whole = ends.filter((end) => end <= length).length
        assert.deepStrictEqual(outcome.frames, sample.slice(0, whole).map(hex))
        const received = length - (ends[whole - 1] ?? 0)
        if (received === 0) {
          assert.isUndefined(outcome.partial)
        } else {
          const payload = sample[whole]?.length ?? 0
          const whereKnown = framing.trailerBytes > 0 ? received + 1 : framing.headerBytes + payload
          const expected = received < framing.headerBytes ? framing.headerBytes : whereKnown
          assert.deepStrictEqual(outcome.partial, { received, expected })
        }
      }
    })

    it("a frame as large as the limit passes, one byte more is a fault for ever", () => {
      const fits = frame(framing, new Uint8Array(limit).fill(1))
      const over = frame(framing, new Uint8Array(limit + 1).fill(1))
      assert.strictEqual(decode(framing, limit, byteByByte(fits)).frames.length, 1)
      const decoder = framing.decoder(limit)
      decoder.push(over)
      const fault: Framing.Fault = { _tag: "TooLarge", size: limit + 1, limit }
      assert.deepStrictEqual(decoder.next(), fault)
      decoder.push(fits)
      assert.deepStrictEqual(decoder.next(), fault)
      assert.isUndefined(decoder.partial())
    })

    it("a frame inside one chunk is a view; a frame across chunks is whole in memory of its own", () => {
      const payload = new Uint8Array(100).fill(7)
      const bytes = new Uint8Array(frame(framing, payload))
      const decoder = framing.decoder(limit)
      decoder.push(bytes)
      const view = decoder.next()
      assert.isTrue(view instanceof Uint8Array && view.buffer === bytes.buffer)
      for (const chunk of cut(bytes, [50, 60])) decoder.push(chunk)
      assert.deepStrictEqual(decoder.next(), payload)
    })
  })
}

it("DW-24 a wrong first byte is a fault as soon as it is here, and for ever", () => {
  for (let byte = 0; byte < 256; byte++) {
    const decoder = Framing.ductworks.decoder(limit)
    decoder.push(Uint8Array.of(byte))
    const expected: Framing.Fault | undefined =
      byte === 0x54 ? undefined : { _tag: "BadMagic", expected: 0x54, received: byte }
    assert.deepStrictEqual(decoder.next(), expected)
    if (expected === undefined) continue
    decoder.push(frame(Framing.ductworks, Uint8Array.of(1)))
    assert.deepStrictEqual(decoder.next(), expected)
  }
})

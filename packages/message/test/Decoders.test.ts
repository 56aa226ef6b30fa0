import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { drain, frame } from "./support/frames.js"

/** A framing that tells how many decoders it has made. */
const counting = (decoderOf: Framing.Framing["decoder"]) => {
  const counter = { made: 0 }
  const framing: Framing.Framing = {
    ...Framing.ductworks,
    decoder: (limit, memory) => {
      counter.made += 1
      return decoderOf(limit, memory)
    }
  }
  return { counter, framing }
}

const serializer = Serializer.text()

/** A duct, and the raw end that it hears. */
const heard = (framing: Framing.Framing) =>
  Effect.gen(function* () {
    const [left, right] = yield* MemoryTransport.make().pair()
    const duct = yield* MessageDuct.fromRaw(RawDuct.fromConnection(right), { serializer, framing })
    return { duct, raw: RawDuct.fromConnection(left) }
  })

const framed = (text: string) => frame(Framing.ductworks, new TextEncoder().encode(text))

/** Ten messages each, by turns, with nothing in between. */
const hearInTurn = (all: ReadonlyArray<Effect.Effect.Success<ReturnType<typeof heard>>>) =>
  Effect.gen(function* () {
    for (let i = 0; i < 10; i++) {
      for (const { duct, raw } of all) {
        yield* raw.sendAll(framed(`message ${i}`))
        assert.strictEqual(yield* duct.recv, `message ${i}`)
        assert.isFalse(yield* duct.poll(0))
      }
    }
  })

describe("DW-27 the decoders of ducts", () => {
  for (const framing of [Framing.ductworks, Framing.lengthPrefix32]) {
    it(`a decoder is as new between two frames, and at no other time (${framing.name})`, () => {
      const decoder = framing.decoder(100)
      const bytes = frame(framing, new Uint8Array(50))
      assert.isTrue(decoder.isFresh?.())
      for (let i = 0; i < bytes.length; i++) {
        decoder.push(bytes.subarray(i, i + 1))
        if (i === bytes.length - 1) break
        assert.isUndefined(decoder.next())
        assert.isFalse(decoder.isFresh?.())
      }
      assert.isUndefined(drain(decoder, []))
      assert.isTrue(decoder.isFresh?.())
      decoder.push(frame(framing, new Uint8Array(101)))
      assert.isDefined(drain(decoder, []))
      assert.isFalse(decoder.isFresh?.())
    })
  }

  it.scoped("ducts between two frames go on with the same one; who is inside a frame has its own", () =>
    Effect.gen(function* () {
      const { counter, framing } = counting(Framing.ductworks.decoder)
      const [one, two] = yield* Effect.all([heard(framing), heard(framing)])
      yield* hearInTurn([one, two])
      assert.strictEqual(counter.made, 1)
      const bytes = framed("in two parts")
      yield* one.raw.sendAll(bytes.subarray(0, 8))
      assert.isFalse(yield* one.duct.poll(0))
      yield* two.raw.sendAll(framed("meanwhile"))
      assert.strictEqual(yield* two.duct.recv, "meanwhile")
      yield* one.raw.sendAll(bytes.subarray(8))
      assert.strictEqual(yield* one.duct.recv, "in two parts")
    })
  )

  it.scoped("one that does not say that it is as new stays the duct's", () =>
    Effect.gen(function* () {
      const { counter, framing } = counting((limit, memory) => {
        const decoder = Framing.ductworks.decoder(limit, memory)
        return {
          push: (chunk) => decoder.push(chunk),
          next: () => decoder.next(),
          partial: () => decoder.partial()
        }
      })
      const [one, two] = yield* Effect.all([heard(framing), heard(framing)])
      yield* hearInTurn([one, two])
      assert.strictEqual(counter.made, 2)
    })
  )
})

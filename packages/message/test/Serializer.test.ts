import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { now, roundTrip, utf8 } from "./support/formats.js"

const lone = "a\ud800b"

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

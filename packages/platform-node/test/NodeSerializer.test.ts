import { MessageDuct, Serializer } from "@ductworks/message"
import { NodeSerializer, NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as v8 from "node:v8"
import * as vm from "node:vm"
import * as zlib from "node:zlib"

const mebibyte = 1024 * 1024

const payloadOf = (encoded: Uint8Array | string) =>
  typeof encoded === "string" ? new TextEncoder().encode(encoded) : encoded

const roundTrip = <A>(serializer: Serializer.Serializer<A>, message: A) =>
  Effect.flatMap(serializer.encode(message), (encoded) => serializer.decode(payloadOf(encoded)))

describe("NodeSerializer.structuredCloneTrusted", () => {
  it.effect("carries what JSON cannot", () =>
    Effect.gen(function* () {
      const cycle: { self?: unknown } = {}
      cycle.self = cycle
      const message = {
        map: new Map([["a", 1n]]),
        date: new Date(0),
        floats: new Float64Array([1, 2]),
        set: new Set([1])
      }
      const serializer = NodeSerializer.structuredCloneTrusted()
      assert.deepStrictEqual(yield* roundTrip<unknown>(serializer, message), message)
      const back = yield* roundTrip<unknown>(serializer, cycle)
      assert.isTrue(typeof back === "object" && back !== null && "self" in back && back.self === back)
    })
  )

  it.effect("works over a duct; a value that cannot be cloned sends nothing", () =>
    Effect.gen(function* () {
      const [parent, child] = yield* MessageDuct.pair({ serializer: NodeSerializer.structuredCloneTrusted() })
      const error = yield* Effect.flip(parent.send(() => {}))
      assert.strictEqual(error._tag, "SerializeError")
      yield* parent.send(undefined)
      assert.strictEqual(yield* child.recv, undefined)
    }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer))
  )

  it.effect("what is no structured clone is a DeserializeError", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(NodeSerializer.structuredCloneTrusted().decode(new Uint8Array([1, 2, 3])))
      assert.strictEqual(error._tag, "DeserializeError")
      assert.strictEqual(error.size, 3)
    })
  )

  it.effect("a small message does not keep the chunk alive that it came in", () =>
    Effect.gen(function* () {
      const encoded = v8.serialize(new Uint8Array([1, 2, 3]))
      const chunk = new Uint8Array(64 * 1024)
      chunk.set(encoded)
      const received = yield* NodeSerializer.structuredCloneTrusted().decode(chunk.subarray(0, encoded.length))
      assert.deepStrictEqual(received, new Uint8Array([1, 2, 3]))
      assert.isTrue(received instanceof Uint8Array && received.buffer.byteLength < 1024)
    })
  )

  it.effect("trusts its peer: 13 bytes take 229 MiB, as its documentation says", () =>
    Effect.gen(function* () {
      // Version 15, a sparse array (0x61) of 30,000,000 elements, none of which follows, and its end (0x40).
      const length = [0x80, 0x87, 0xa7, 0x0e]
      const payload = new Uint8Array([0xff, 0x0f, 0x61, ...length, 0x40, 0, ...length])
      assert.strictEqual(payload.length, 13)
      const before = process.memoryUsage().heapUsed
      const received = yield* NodeSerializer.structuredCloneTrusted({ maxMessageBytes: 100 }).decode(payload)
      assert.isAbove(process.memoryUsage().heapUsed - before, 200 * mebibyte)
      assert.isTrue(Array.isArray(received))
    })
  )
})

const someBytes = { ...Serializer.bytes, maxMessageBytes: 2 * mebibyte }

const limited = { maxMessageBytes: mebibyte }

const codecs = [
  {
    name: "gzip",
    make: (options: NodeSerializer.CompressionOptions = limited) =>
      Effect.succeed(NodeSerializer.gzip(someBytes, options)),
    compress: (bytes: Uint8Array) => zlib.gzipSync(bytes),
    decompress: (bytes: Uint8Array) => zlib.gunzipSync(bytes)
  },
  {
    name: "deflate",
    make: (options: NodeSerializer.CompressionOptions = limited) =>
      Effect.succeed(NodeSerializer.deflate(someBytes, options)),
    compress: (bytes: Uint8Array) => zlib.deflateSync(bytes),
    decompress: (bytes: Uint8Array) => zlib.inflateSync(bytes)
  },
  {
    name: "brotli",
    make: (options: NodeSerializer.CompressionOptions = limited) =>
      Effect.succeed(NodeSerializer.brotli(someBytes, options)),
    compress: (bytes: Uint8Array) =>
      zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
    decompress: (bytes: Uint8Array) => zlib.brotliDecompressSync(bytes)
  }
]

describe.each(codecs)("NodeSerializer.$name", ({ compress, decompress, make, name }) => {
  it.effect("makes messages smaller and gives them back, up to the limit", () =>
    Effect.gen(function* () {
      const serializer = yield* make()
      const message = new Uint8Array(mebibyte).fill(7)
      const encoded = payloadOf(yield* serializer.encode(message))
      assert.isBelow(encoded.length, 10_000)
      assert.deepStrictEqual(yield* serializer.decode(encoded), message)
      assert.deepStrictEqual(yield* roundTrip(serializer, new Uint8Array(0)), new Uint8Array(0))
      assert.strictEqual(serializer.name, `bytes+${name}`)
      const error = yield* Effect.flip(serializer.encode(new Uint8Array(mebibyte + 1)))
      assert.strictEqual(error._tag, "SerializeError")
    })
  )

  it.effect("a decompression bomb is refused before it takes the memory", () =>
    Effect.gen(function* () {
      const serializer = yield* make()
      const bomb = compress(new Uint8Array(64 * mebibyte))
      assert.isBelow(bomb.length, mebibyte / 8)
      // The harm: without a limit the whole of it is unpacked.
      const harm = allocated(() => decompress(bomb))
      assert.isAbove(harm.bytes, 48 * mebibyte)
      const refused = allocated(() => Effect.runSync(Effect.flip(serializer.decode(bomb))))
      assert.strictEqual(refused.result._tag, "DeserializeError")
      assert.isBelow(refused.bytes, 4 * mebibyte)
    })
  )

  it.effect("M-9 a limit that is no number is the serializer's, before and after", () =>
    Effect.gen(function* () {
      const serializer = yield* make({ maxMessageBytes: NaN })
      assert.strictEqual(serializer.maxMessageBytes, 2 * mebibyte)
      const tooLong = new Uint8Array(2 * mebibyte + 1)
      assert.strictEqual((yield* Effect.flip(serializer.encode(tooLong)))._tag, "SerializeError")
      assert.strictEqual((yield* Effect.flip(serializer.decode(compress(tooLong))))._tag, "DeserializeError")
    })
  )

  it.effect("a level that is none is a SerializeError", () =>
    Effect.gen(function* () {
      for (const level of [-1, 23, 1.5, NaN, Infinity]) {
        const { problem } = yield* Effect.flip((yield* make({ level })).encode(new Uint8Array(10)))
        assert.include(problem, `not ${level}`)
      }
      assert.strictEqual((yield* roundTrip(yield* make({ level: 1 }), new Uint8Array(10))).length, 10)
    })
  )

  it.effect("garbage and a payload that is cut off are DeserializeErrors", () =>
    Effect.gen(function* () {
      const serializer = yield* make()
      const whole = compress(new Uint8Array(1000).fill(1))
      for (const payload of [new Uint8Array([1, 2, 3]), whole.subarray(0, whole.length - 3), new Uint8Array(0)]) {
        const error = yield* Effect.flip(serializer.decode(payload))
        assert.strictEqual(error._tag, "DeserializeError")
      }
    })
  )

  it.effect("M-13 bytes behind the end of the payload are a DeserializeError, and nothing is copied to know it", () =>
    Effect.gen(function* () {
      const serializer = yield* make()
      const message = new Uint8Array(mebibyte).fill(1)
      const whole = compress(message)
      for (const behind of [[0], [0, 0, 0, 0], [1], [0x1f, 0x8b], Array.from({ length: 70_000 }, () => 65)]) {
        const decoded = yield* Effect.either(serializer.decode(new Uint8Array([...whole, ...behind])))
        assert.isTrue(decoded._tag === "Left" && decoded.left._tag === "DeserializeError", `${behind.length} bytes`)
      }
      const { bytes, result } = allocated(() => Effect.runSync(serializer.decode(whole)))
      assert.deepStrictEqual(result, message)
      assert.isBelow(bytes, 3 * mebibyte)
    })
  )
})

v8.setFlagsFromString("--expose-gc")
const collectGarbage: unknown = vm.runInNewContext("gc")

const isCallable = (u: unknown): u is () => void => typeof u === "function"

/** Bytes of buffers that a synchronous function allocated, and what it returned, which keeps them alive until then. */
const allocated = <A>(run: () => A): { readonly bytes: number; readonly result: A } => {
  if (!isCallable(collectGarbage)) throw new Error("V8 gave no gc function")
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  const result = run()
  return { bytes: process.memoryUsage().arrayBuffers - before, result }
}

describe("NodeSerializer.zstd", () => {
  it.effect("is there where Node has it, and Unsupported elsewhere", () =>
    Effect.gen(function* () {
      const made = yield* Effect.either(NodeSerializer.zstd(Serializer.bytes, { maxMessageBytes: mebibyte }))
      if (Reflect.has(zlib, "zstdCompressSync")) {
        assert.isTrue(made._tag === "Right")
        if (made._tag !== "Right") return
        const message = new Uint8Array(mebibyte).fill(7)
        assert.deepStrictEqual(yield* roundTrip(made.right, message), message)
        const big = yield* NodeSerializer.zstd(Serializer.bytes, { maxMessageBytes: 64 * mebibyte })
        const bomb = payloadOf(yield* big.encode(new Uint8Array(64 * mebibyte)))
        const error = yield* Effect.flip(made.right.decode(bomb))
        assert.strictEqual(error._tag, "DeserializeError")
        const followed = yield* Effect.flip(
          made.right.decode(new Uint8Array([...payloadOf(yield* big.encode(message)), 0]))
        )
        assert.strictEqual(followed._tag, "DeserializeError")
      } else {
        assert.isTrue(made._tag === "Left" && made.left._tag === "Unsupported")
      }
    })
  )
})

// The rules for what a peer sends that is not trusted. Each test first shows the harm, without this package.
import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { messagePack, messagePackSchema } from "@ductworks/message/MessagePack"
import { assert, describe, it } from "@effect/vitest"
import { decode, encode } from "@msgpack/msgpack"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { brotliCompressSync, brotliDecompressSync } from "node:zlib"
import { now, utf8 } from "./support/formats.js"
import { collect } from "./support/memory.js"

/** What countless programs do with options. */
const assign = (target: Record<string, unknown>, source: object): void => {
  for (const [key, value] of Object.entries(source)) target[key] = value
}

const parse = (text: string): unknown => JSON.parse(text)

describe("__proto__", () => {
  const json = Serializer.json()
  const attack = '{"__proto__":{"admin":true}}'

  it("the harm: a key of a message becomes the prototype of another object", () => {
    const options: Record<string, unknown> = {}
    const parsed = parse(attack)
    assert.isTrue(typeof parsed === "object" && parsed !== null)
    if (typeof parsed === "object" && parsed !== null) assign(options, parsed)
    assert.strictEqual(options["admin"], true)
    assert.isFalse(Object.hasOwn(options, "admin"))
  })

  it("JSON with that key is a DeserializeError, however it is escaped and wherever it stands", () => {
    const letters = FastCheck.tuple(
      ...Array.from("__proto__", (letter) => {
        const code = letter.charCodeAt(0).toString(16).padStart(4, "0")
        return FastCheck.constantFrom(letter, `\\u${code}`, `\\u${code.toUpperCase()}`)
      })
    )
    const around = FastCheck.constantFrom('{"KEY":1}', '[[{"KEY" :{}}]]', '{"a":[1,{"b":"KEY","KEY"\n: null}]}')
    FastCheck.assert(
      FastCheck.property(letters, around, (key, text) => {
        const payload = text.replaceAll("KEY", key.join(""))
        assert.doesNotThrow(() => parse(payload))
        assert.instanceOf(now(json.decode(utf8(payload))), DeserializeError, payload)
      })
    )
    assert.instanceOf(now(json.decode(utf8(attack))), DeserializeError)
    Array.from("__proto__").forEach((letter, i, all) => {
      const key = all.with(i, `\\u00${letter.charCodeAt(0).toString(16)}`).join("")
      assert.instanceOf(now(json.decode(utf8(`{"${key}":1}`))), DeserializeError, key)
    })
    assert.instanceOf(now(json.decode(utf8('{"\\u005f_proto_\\u005F":{}}'))), DeserializeError)
  })

  it("as a value, or as a part of a key, it is harmless and passes", () => {
    for (const message of ["__proto__", ["__proto__"], { a: "__proto__" }, { __proto__x: 1 }, { "\\u005f": "p" }]) {
      assert.deepStrictEqual(now(json.decode(utf8(JSON.stringify(message)))), message)
    }
    assert.deepStrictEqual(now(json.decode(utf8('{"\\u005fx":"\\u0070"}'))), { _x: "p" })
  })

  it("MessagePack with that key is a DeserializeError", () => {
    const payload = Uint8Array.of(0x81, 0xa9, ...utf8("__proto__"), 0x80)
    assert.instanceOf(now(messagePack().decode(payload)), DeserializeError)
  })
})

const exhausts = (walk: () => unknown): boolean => {
  try {
    walk()
    return false
  } catch (thrown) {
    return thrown instanceof RangeError
  }
}

describe("deep nesting", () => {
  interface Tree {
    readonly c: ReadonlyArray<Tree>
  }
  const Tree = Schema.Struct({ c: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree)) })
  const depth = 20_000
  const text = '{"c":['.repeat(depth) + "]}".repeat(depth)
  const deepTree = (): Tree => {
    let tree: Tree = { c: [] }
    for (let i = 0; i < depth; i++) tree = { c: [tree] }
    return tree
  }

  it("a recursive Schema exhausts the stack: a RangeError, here a typed error, both ways", () => {
    assert.throws(() => ParseResult.decodeUnknown(Tree)(parse(text)), RangeError)
    assert.throws(() => ParseResult.encodeUnknown(Tree)(deepTree()), RangeError)
    const trees = Serializer.jsonSchema(Tree)
    assert.instanceOf(now(trees.decode(utf8(text))), DeserializeError)
    assert.instanceOf(now(trees.encode(deepTree())), SerializeError)
  })

  it.effect("inside an Effect of a Schema it would be a defect, here it is a typed error", () =>
    Effect.gen(function* () {
      const Slow = Schema.transformOrFail(Schema.Unknown, Tree, {
        strict: true,
        decode: () => Effect.map(Effect.yieldNow(), deepTree),
        encode: (tree) => Effect.succeed(tree)
      })
      const exit = yield* Effect.exit(ParseResult.decodeUnknown(Slow)(1))
      assert.isTrue(exit._tag === "Failure" && exit.cause._tag === "Die")
      assert.instanceOf(yield* Effect.flip(Serializer.jsonSchema(Slow).decode(utf8("1"))), DeserializeError)
    })
  )

  it("JSON: stringify and a reviver exhaust the stack too", () => {
    let deep: Array<unknown> = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    // Node 26 writes any depth; the ones before it exhaust the stack.
    const isExhausted = exhausts(() => JSON.stringify(deep))
    assert.strictEqual(now(Serializer.json().encode(deep)) instanceof SerializeError, isExhausted)
    const revived = `["__proto__",${"[".repeat(100_000)}${"]".repeat(100_000)}]`
    assert.throws(() => void JSON.parse(revived, (_, value: unknown): unknown => value), RangeError)
    assert.instanceOf(now(Serializer.json().decode(utf8(revived))), DeserializeError)
  })

  it("MessagePack: the plain decoder gives a value nobody can walk; here the depth is limited, both ways", () => {
    const payload = new Uint8Array(100_001).fill(0x91)
    payload[100_000] = 0xc0
    const depthOf = (value: unknown): number => (Array.isArray(value) ? 1 + depthOf(value[0]) : 0)
    assert.isTrue(exhausts(() => depthOf(decode(payload))))
    const error = now(messagePack().decode(payload))
    assert.isTrue(error instanceof DeserializeError && error.problem.includes("100 levels"))

    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    const shallow = messagePack({ maxDepth: 3 })
    assert.deepStrictEqual(now(shallow.decode(encode(nested(3)))), nested(3))
    assert.instanceOf(now(shallow.decode(encode(nested(4)))), DeserializeError)
    assert.deepStrictEqual(now(shallow.encode(nested(3))), encode(nested(3)))
    assert.instanceOf(now(shallow.encode(nested(4))), SerializeError)
    assert.instanceOf(now(messagePack().encode(nested(101))), SerializeError)
    assert.instanceOf(now(messagePack().decode(encode(nested(101), { maxDepth: 200 }))), DeserializeError)
    assert.deepStrictEqual(now(messagePack().decode(encode(nested(100), { maxDepth: 200 }))), nested(100))
  })

  it("MessagePack with a recursive Schema", () => {
    const trees = messagePackSchema(Tree, { maxDepth: 1_000_000 })
    const payload = Uint8Array.from({ length: depth * 4 + 4 }, (_, i) => [0x81, 0xa1, 0x63, 0x91][i % 4] ?? 0)
    payload[payload.length - 1] = 0x90
    assert.throws(() => ParseResult.decodeUnknown(Tree)(decode(payload)), RangeError)
    assert.instanceOf(now(trees.decode(payload)), DeserializeError)
  })
})

describe("claimed lengths", () => {
  /** An array of 2^25 elements, in an array of 2^25 elements, …: 5 bytes each. */
  const nestedArrays = (levels: number, claim: number): Uint8Array => {
    const payload = new Uint8Array(levels * 5)
    const view = new DataView(payload.buffer)
    for (let i = 0; i < levels; i++) {
      view.setUint8(i * 5, 0xdd)
      view.setUint32(i * 5 + 1, claim)
    }
    return payload
  }

  const heapGrowth = (run: () => void): number => {
    collect()
    const before = process.memoryUsage().heapUsed
    run()
    return process.memoryUsage().heapUsed - before
  }

  it("MessagePack: the plain decoder allocates what 5 bytes claim, and so it does with limits; here nothing is", () => {
    const [levels, claim] = [40, 250_000]
    const payload = new Uint8Array(claim)
    payload.set(nestedArrays(levels, claim))
    const limits = { maxArrayLength: claim, maxMapLength: claim, maxStrLength: claim, maxBinLength: claim }
    // Some ten million slots of 8 bytes, for a payload of 250 kB: the limits are those of the payload.
    const harm = heapGrowth(() => {
      try {
        decode(payload.subarray(0, levels * 5), limits)
      } catch (thrown) {
        assert.instanceOf(thrown, RangeError)
      }
    })
    assert.isAbove(harm, 40 * 1024 * 1024)
    const format = messagePack()
    const ours = heapGrowth(() => {
      for (const bytes of [nestedArrays(1, 0xffffffff), nestedArrays(levels, claim), payload]) {
        assert.instanceOf(now(format.decode(bytes)), DeserializeError)
      }
    })
    assert.isBelow(ours, 10 * 1024 * 1024)
  })

  it("MessagePack: maps, strings, bytes and extensions that are not here", () => {
    for (const type of [0xdb, 0xc6, 0xdf, 0xdd, 0xc9]) {
      const error = now(messagePack().decode(Uint8Array.of(type, 0xff, 0xff, 0xff, 0xff, 1)))
      assert.isTrue(error instanceof DeserializeError && error.problem === "it ends before its value does")
    }
  })

  it("decompression: 1 kB becomes 64 MiB; here it stops at the limit", () => {
    const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024))
    assert.isBelow(bomb.length, 1024)
    assert.strictEqual(brotliDecompressSync(bomb).length, 64 * 1024 * 1024)
    const format = Serializer.compressed(Serializer.json(), {
      name: "brotli",
      compress: (bytes) => brotliCompressSync(bytes),
      decompress: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength })
    })
    collect()
    const before = process.memoryUsage().arrayBuffers
    assert.instanceOf(now(format.decode(bomb)), DeserializeError)
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 40 * 1024 * 1024)
  })
})

describe("small messages of bytes", () => {
  it("a view pins its chunk; a message of the bytes format, or in MessagePack, does not", () => {
    const chunk = new Uint8Array(256 * 1024)
    const payload = encode(new Uint8Array(16))
    chunk.set(payload)
    const received = chunk.subarray(0, payload.length)
    const pinned = decode(received)
    assert.isTrue(pinned instanceof Uint8Array && pinned.buffer.byteLength === chunk.length)
    for (const format of [Serializer.bytes, messagePack()]) {
      const message = now(format.decode(received))
      assert.isTrue(message instanceof Uint8Array && message.buffer.byteLength <= received.length)
    }
  })
})

describe("text of a peer in errors", () => {
  it("the engine's own error quotes the payload, and Effect's prints it whole; here neither gets out", () => {
    const secret = "hunter2"
    const texts = [`{"password":${secret}}`, JSON.stringify({ n: secret.repeat(1000) })]
    const N = Schema.Struct({ n: Schema.Number })
    assert.throws(() => parse(texts[0] ?? ""), /hunter2|h/)
    const effects = Effect.runSync(Effect.flip(Schema.decodeUnknown(N)(parse(texts[1] ?? ""))))
    assert.isAbove(effects.message.length, 7000)
    for (const text of texts) {
      const error = now(Serializer.jsonSchema(N).decode(utf8(text)))
      assert.instanceOf(error, DeserializeError)
      assert.notInclude(JSON.stringify(error) + error.message + String(error.cause), secret)
    }
  })
})

describe("strings that the engine cannot hold", () => {
  it("a text that grows over the limit is a SerializeError, no RangeError", () => {
    const megabyte = "x".repeat(1024 * 1024)
    assert.throws(() => megabyte.repeat(1024), RangeError)
    const grows = Serializer.fromText<number>({ name: "grows", encode: (n) => megabyte.repeat(n), decode: () => 0 })
    assert.instanceOf(now(grows.encode(1024)), SerializeError)
    assert.instanceOf(now(Serializer.json().encode(Array.from({ length: 600 }, () => megabyte))), SerializeError)
  })
})

import { PeerFormat, PeerProtocol, PeerSocket } from "@ductworks/peers"
import * as MessagePack from "@ductworks/message/MessagePack"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, FastCheck, Schema } from "effect"
import { Chat } from "./support/chat.js"
import { Scripted, settle } from "./support/scripted.js"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (packet: Uint8Array) => new TextDecoder().decode(packet)

const envelope = FastCheck.record({
  type: FastCheck.oneof(FastCheck.maxSafeInteger(), FastCheck.string()),
  data: FastCheck.oneof(
    FastCheck.constant(null),
    FastCheck.boolean(),
    FastCheck.integer(),
    FastCheck.string(),
    FastCheck.array(FastCheck.string()),
    FastCheck.dictionary(
      FastCheck.string().filter((key) => key !== "__proto__"),
      FastCheck.integer()
    )
  ),
  id: FastCheck.option(FastCheck.maxSafeInteger(), { nil: undefined })
})

for (const [name, format] of [
  ["json", PeerFormat.json()],
  ["messagePack", PeerFormat.fromSerializer(MessagePack.messagePack())]
] as const) {
  describe(name, () => {
    it.effect.prop("ST-39 ST-17 ST-18 bodies [type, data] make the round trip", [envelope], ([message]) =>
      Effect.gen(function* () {
        const back = yield* format.decode(yield* format.encode(message))
        assert.deepEqual({ ...back, id: back.id }, { ...message, id: message.id })
      })
    )

    it.effect.prop(
      "any bytes are a message or a DeserializeError, never a defect",
      [FastCheck.uint8Array()],
      ([packet]) =>
        Effect.match(format.decode(packet), {
          onFailure: (error) => assert.strictEqual(error._tag, "DeserializeError"),
          onSuccess: ({ type }) => assert.include(["string", "number"], typeof type)
        })
    )

    it.scoped("ST-39 ST-35 two sockets talk in it, by names that stand for wire types", () =>
      Effect.gen(function* () {
        const protocol = PeerProtocol.make("test/Formats", Chat.messages, { format })
        const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
        const said = yield* Deferred.make<string>()
        yield* PeerSocket.makeWith(serverTransport, protocol, {
          handlers: {
            say: (_, { text }, type) => Deferred.succeed(said, `${type}: ${text}`),
            sum: (_, numbers) => Effect.succeed(numbers.length)
          }
        })
        const client = yield* PeerSocket.makeWith(clientTransport, protocol)
        const peer = yield* client.connect(serverTransport.endpoints[0] ?? "")
        yield* client.send.say({ text: "żółw" }, peer)
        assert.strictEqual(yield* Deferred.await(said), "say: żółw")
        assert.strictEqual(yield* client.request.sum([1, 1], peer), 2)
      })
    )
  })
}

describe("raw", () => {
  it.effect(
    "ST-17 ST-18 parses to type 0 and the raw data; serialises bytes as they are, and anything else as its text",
    () =>
      Effect.gen(function* () {
        const format = PeerFormat.raw()
        const { data, type } = yield* format.decode(Uint8Array.of(1, 2, 255))
        assert.strictEqual(type, 0)
        assert.deepStrictEqual(data, Uint8Array.of(1, 2, 255))
        assert.deepStrictEqual(yield* format.encode({ type: 0, data: Uint8Array.of(9) }), Uint8Array.of(9))
        assert.strictEqual(text(yield* format.encode({ type: 0, data: 42 })), "42")
        assert.strictEqual((yield* PeerFormat.raw({ type: "blob" }).decode(bytes("x"))).type, "blob")
      })
  )

  it.effect("a small packet does not keep the chunk that it came in", () =>
    Effect.gen(function* () {
      const chunk = new Uint8Array(100_000)
      const { data } = yield* PeerFormat.raw().decode(chunk.subarray(5, 10))
      assert.isTrue(data instanceof Uint8Array && data.buffer.byteLength === 5)
    })
  )
})

describe("lines", () => {
  it.scoped("ST-40 are text of one type, without a carriage return", () =>
    Effect.gen(function* () {
      const Lines = PeerProtocol.make(
        "test/Lines",
        { line: { type: 0, schema: Schema.String } },
        { format: PeerFormat.lines() }
      )
      const transport = new Scripted()
      const heard: Array<string> = []
      const socket = yield* PeerSocket.makeWith(transport, Lines, {
        handlers: { line: (_, line) => Effect.sync(() => heard.push(line)) }
      })
      const peer = transport.join("a")
      transport.push(peer, "hello\r")
      transport.push(peer, "zażółć")
      yield* settle
      yield* socket.send.line("bye", peer)
      assert.deepStrictEqual(heard, ["hello", "zażółć"])
      assert.deepStrictEqual(transport.sentTo(peer), ["bye"])
    })
  )
})

describe("own formats", () => {
  it.effect("what their functions throw is a typed error", () =>
    Effect.gen(function* () {
      const format = PeerFormat.make({
        name: "own",
        encode: ({ data, type }) => {
          if (data === "bad") throw new Error("cannot")
          return `${type}:${String(data)}`
        },
        decode: (packet) => {
          const [type = "", data] = text(packet).split(":")
          if (data === undefined) throw new Error("no colon")
          return { type, data }
        }
      })
      assert.strictEqual(text(yield* format.encode({ type: "a", data: "b" })), "a:b")
      assert.deepStrictEqual(yield* format.decode(bytes("a:b")), { type: "a", data: "b" })
      assert.strictEqual((yield* Effect.flip(format.encode({ type: "a", data: "bad" })))._tag, "SerializeError")
      assert.strictEqual((yield* Effect.flip(format.decode(bytes("ab"))))._tag, "DeserializeError")
      assert.isFalse(format.hasControl)
    })
  )
})

describe("protocols", () => {
  it.scoped("ST-35 wire types that clash, are no safe integers or are the library's own are refused", () =>
    Effect.gen(function* () {
      const schema = Schema.Null
      for (const messages of [
        { a: { type: 1, schema }, b: { type: 1, schema } },
        { a: { type: "b", schema }, b: { schema } },
        { a: { type: 0.5, schema } },
        { a: { type: NaN, schema } },
        { "~reply": { schema } },
        { a: { type: "~", schema } }
      ]) {
        const error = yield* Effect.flip(PeerSocket.makeWith(new Scripted(), PeerProtocol.make("test/Bad", messages)))
        assert.strictEqual(error._tag, "InvalidArgument")
      }
    })
  )

  it.scoped("M-13 names such as __proto__ and constructor are names like others", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat)
      const peer = transport.join("a")
      for (const type of ["constructor", "toString", "hasOwnProperty"]) transport.push(peer, [type, null])
      yield* settle
      assert.strictEqual((yield* socket.stats).unknownTypes, 3)
    })
  )
})

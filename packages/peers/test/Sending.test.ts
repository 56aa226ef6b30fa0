import { PeerFormat, type PeerOptions, PeerProtocol, PeerSocket, PeerTransport } from "@ductworks/peers"
import { RemoteDuctReset, Unsupported } from "@ductworks/core/DuctError"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"
import { Chat, say } from "./support/chat.js"
import { logs } from "./support/logs.js"
import { Scripted, settle, until } from "./support/scripted.js"

const raw = { format: PeerFormat.raw() }

const hello = '[1,{"text":"hello"}]'

const withPeers = (options: PeerOptions.Settings = {}, ids: ReadonlyArray<string> = ["a", "b", "c"]) =>
  Effect.gen(function* () {
    const transport = new Scripted()
    const socket = yield* PeerSocket.makeWith(transport, Chat, options)
    const peers = ids.map((id) => transport.join(id))
    yield* settle
    return { transport, socket, peers }
  })

describe("sending", () => {
  it.scoped("ST-21 ST-36 to one peer, or to all without one; by name, by wire type, and raw", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* withPeers()
      const [, b] = peers
      yield* socket.send.say({ text: "hello" }, b)
      yield* socket.send.bye(null)
      yield* socket.sendMessage(77, { any: "data" }, b)
      yield* socket.sendRaw(new TextEncoder().encode("raw"))
      assert.deepStrictEqual(transport.sent, [
        ["b", hello],
        ...["a", "b", "c"].map((id) => [id, '["bye",null]'] as const),
        ["b", '[77,{"any":"data"}]'],
        ...["a", "b", "c"].map((id) => [id, "raw"] as const)
      ])
      assert.strictEqual((yield* socket.stats).sent, 8)
    })
  )

  it.scoped("ST-22 what was sent may be filled in anew, also while it waits for a slow peer", () =>
    Effect.gen(function* () {
      const Bytes = PeerProtocol.make("test/Bytes", { bytes: { type: 0, schema: Schema.Uint8ArrayFromSelf } }, raw)
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Bytes, { slowPeer: "dropOldest" })
      const peer = transport.join("a")
      yield* settle
      transport.stalled.add("a")
      const packet = new TextEncoder().encode("one")
      yield* socket.sendRaw(packet, peer)
      packet.set(new TextEncoder().encode("two"))
      yield* socket.send.bytes(packet, peer)
      packet.fill(0)
      yield* transport.go("a")
      yield* until(() => transport.sent.length === 2)
      assert.deepStrictEqual(transport.sent, [
        ["a", "one"],
        ["a", "two"]
      ])
    })
  )

  it.scoped("ST-22 in a broadcast one peer's failure is logged and counted, and does not stop the others", () => {
    const { capture, lines } = logs()
    return Effect.gen(function* () {
      const { socket, transport } = yield* withPeers()
      transport.broken.set("b", new Unsupported({ operation: "send", problem: "test" }))
      yield* socket.send.say({ text: "hello" })
      assert.deepStrictEqual(transport.sent, [
        ["a", hello],
        ["c", hello]
      ])
      assert.strictEqual((yield* socket.stats).failedSent, 1)
      assert.isTrue(lines.some(({ about }) => about["peer"] === "b"))
    }).pipe(capture)
  })

  it.scoped("ST-22 a directed failure reaches the caller", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* withPeers()
      const broken = new Unsupported({ operation: "send", problem: "test" })
      transport.broken.set("a", broken)
      assert.strictEqual(yield* Effect.flip(socket.send.say({ text: "x" }, peers[0])), broken)
      transport.maxPacketBytes = 100
      const tooLarge = yield* Effect.flip(socket.send.say({ text: "x".repeat(100) }, peers[1]))
      assert.include(tooLarge.message, "maxPacketBytes")
      const all = yield* Effect.flip(socket.sendRaw(new Uint8Array(101)))
      assert.strictEqual(all._tag, "MessageTooLarge")
      assert.deepStrictEqual(transport.sent, [])
    })
  )

  it.scoped(
    "ST-22 a packet is taken whole before a directed send returns; interrupted while it waits, not at all",
    () =>
      Effect.gen(function* () {
        const { peers, socket, transport } = yield* withPeers()
        transport.stalled.add("a")
        const sending = yield* Effect.fork(socket.send.say({ text: "hello" }, peers[0]))
        const given = yield* Effect.fork(socket.send.say({ text: "never" }, peers[0]))
        yield* settle
        assert.isNull(sending.unsafePoll())
        yield* Fiber.interrupt(given)
        yield* transport.go("a")
        yield* Fiber.join(sending)
        assert.deepStrictEqual(transport.sent, [["a", hello]])
      })
  )

  it.scoped("what the Schema or the format cannot write is a SerializeError, and nothing is sent", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* withPeers()
      const error = yield* Effect.flip(socket.sendMessage(1, 1n, peers[0]))
      assert.strictEqual(error._tag, "SerializeError")
      assert.deepStrictEqual(transport.sent, [])
    })
  )

  it.scoped("hooks that fail or throw are the sender's SerializeError", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        encode: () => Effect.fail("no"),
        serialise: ({ type }) => {
          if (type === 1) throw new Error("thrown")
          return Effect.succeed("body")
        }
      })
      const peer = transport.join("a")
      yield* settle
      const thrown = yield* Effect.flip(socket.send.say({ text: "x" }, peer))
      const failed = yield* Effect.flip(socket.send.bye(null, peer))
      assert.include(thrown.message, "serialise hook")
      assert.include(failed.message, "encode hook")
    })
  )
})

describe("slow peers", () => {
  const fill = (slowPeer: PeerOptions.SlowPeerPolicy, settings: PeerOptions.Settings = {}) =>
    Effect.gen(function* () {
      const made = yield* withPeers({ slowPeer, sendQueue: 3, ...settings })
      made.transport.stalled.add("b")
      for (let i = 0; i < 10; i++) yield* made.socket.send.say({ text: `${i}` })
      yield* settle
      return made
    })

  const texts = (transport: Scripted, id: string) => transport.sentTo(PeerTransport.Peer(id)).join(" ")

  for (const policy of ["wait", "dropNewest"] as const) {
    it.scoped(
      `a broadcast is not held up by a slow peer, whose newest packets are dropped and counted (${policy})`,
      () =>
        Effect.gen(function* () {
          const { socket, transport } = yield* fill(policy)
          assert.strictEqual(transport.sentTo(PeerTransport.Peer("a")).length, 10)
          assert.strictEqual(transport.sentTo(PeerTransport.Peer("c")).length, 10)
          assert.strictEqual((yield* socket.stats).droppedSent, 7)
          yield* transport.go("b")
          yield* settle
          assert.deepStrictEqual(texts(transport, "b"), [0, 1, 2].map((i) => JSON.stringify(say(`${i}`))).join(" "))
          yield* socket.send.bye(null)
          assert.strictEqual(transport.sentTo(PeerTransport.Peer("b")).at(-1), '["bye",null]')
        })
    )
  }

  it.scoped("dropOldest keeps the newest", () =>
    Effect.gen(function* () {
      const { socket, transport } = yield* fill("dropOldest")
      assert.strictEqual((yield* socket.stats).droppedSent, 7)
      yield* transport.go("b")
      yield* settle
      assert.deepStrictEqual(texts(transport, "b"), [7, 8, 9].map((i) => JSON.stringify(say(`${i}`))).join(" "))
    })
  )

  it.scoped("disconnect closes the peer, and tells so", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* withPeers({ slowPeer: "disconnect", sendQueue: 3 })
      const left = yield* Effect.fork(Stream.runHead(socket.events))
      yield* settle
      transport.stalled.add("b")
      const sends = yield* Effect.forEach(Array.from({ length: 6 }), () =>
        Effect.either(Effect.zipLeft(socket.send.say({ text: "x" }, peers[1]), settle))
      )
      assert.deepStrictEqual(
        sends.map(({ _tag }) => _tag),
        // One is with the transport, three wait, the fifth is too many.
        ["Right", "Right", "Right", "Right", "Left", "Left"]
      )
      assert.deepStrictEqual(transport.closed, ["b"])
      const event = yield* Fiber.join(left)
      assert.isTrue(event._tag === "Some" && event.value._tag === "Left" && event.value.reason?.reason === "TooSlow")
      assert.strictEqual((yield* socket.stats).tooSlow, 1)
    })
  )

  it.scoped("a directed send fails with SendQueueFull under dropNewest, and names the limit", () =>
    Effect.gen(function* () {
      const { peers, socket } = yield* fill("dropNewest")
      // There is room for what the transport has taken over meanwhile.
      yield* socket.send.say({ text: "x" }, peers[1])
      const error = yield* Effect.flip(socket.send.say({ text: "x" }, peers[1]))
      assert.strictEqual(error._tag, "SendQueueFull")
      assert.include(error.message, "sendQueue")
    })
  )

  it.scoped("a directed send under wait stands behind what a broadcast left there", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* fill("wait")
      const sending = yield* Effect.fork(socket.send.bye(null, peers[1]))
      yield* settle
      assert.isNull(sending.unsafePoll())
      yield* transport.go("b")
      yield* Fiber.join(sending)
      assert.strictEqual(transport.sentTo(PeerTransport.Peer("b")).length, 4)
      assert.strictEqual(transport.sentTo(PeerTransport.Peer("b")).at(-1), '["bye",null]')
    })
  )

  it.scoped("what waits is bounded in bytes too, and a packet alone always has room", () =>
    Effect.gen(function* () {
      const { socket, transport } = yield* fill("dropNewest", { sendQueue: 1000, sendQueueBytes: 10 })
      assert.strictEqual((yield* socket.stats).droppedSent, 9)
      yield* transport.go("b")
      yield* settle
      assert.strictEqual(transport.sentTo(PeerTransport.Peer("b")).length, 1)
    })
  )

  it.scoped("a slow peer that leaves frees what waits for it, and who waits for it", () =>
    Effect.gen(function* () {
      const { peers, socket, transport } = yield* fill("wait")
      const [, b] = peers
      const sending = yield* Effect.fork(Effect.exit(socket.send.bye(null, b)))
      yield* settle
      if (b === undefined) return
      transport.broken.set("b", new Unsupported({ operation: "send", problem: "gone" }))
      transport.inbox.leave(b, new RemoteDuctReset({}))
      yield* settle
      yield* transport.go("b")
      const exit = yield* Fiber.join(sending)
      assert.strictEqual(exit._tag, "Failure")
      assert.isFalse(socket.knows(b))
    })
  )

  it.scoped("over memory: a peer that does not receive holds up nobody in a broadcast, and its memory is bounded", () =>
    Effect.gen(function* () {
      const network = MemoryPeers.network()
      const serverTransport = yield* MemoryPeers.make(network)
      const server = yield* PeerSocket.makeWith(serverTransport, Chat, { firstMessageTimeout: "1 hours" })
      const [endpoint = ""] = serverTransport.endpoints
      const deaf = yield* MemoryPeers.make(network)
      yield* deaf.connect(endpoint)
      let heard = 0
      const listening = yield* MemoryPeers.make(network)
      const listener = yield* PeerSocket.makeWith(listening, Chat, {
        handlers: { say: () => Effect.sync(() => heard++) }
      })
      yield* listener.connect(endpoint)
      yield* until(() => server.knownPeers.size === 2)
      const total = 2000
      for (let i = 0; i < total; i++) {
        yield* server.send.say({ text: "x".repeat(100) })
        if (i % 10 === 0) yield* settle
      }
      yield* until(() => heard === total)
      const { droppedSent } = yield* server.stats
      assert.isAbove(droppedSent, total - 300)
    })
  )
})

it.scoped("a broadcast is encoded once, and costs nothing for peers that left", () =>
  Effect.gen(function* () {
    let encoded = 0
    const transport = new Scripted()
    const socket = yield* PeerSocket.makeWith(transport, Chat, {
      encode: (body) => {
        encoded++
        return Effect.succeed(body)
      }
    })
    const peers = Array.from({ length: 100 }, (_, i) => transport.join(`p${i}`))
    yield* until(() => socket.knownPeers.size === 100)
    for (const peer of peers.slice(10)) transport.inbox.leave(peer)
    yield* until(() => socket.knownPeers.size === 10)
    yield* socket.send.say({ text: "x" })
    assert.deepStrictEqual([encoded, transport.sent.length], [1, 10])
  })
)

import { PeerFormat, type PeerOptions, PeerProtocol, PeerSocket, PeerTransport } from "@ductworks/peers"
import { RemoteDuctReset } from "@ductworks/core/DuctError"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schema, TestClock } from "effect"
import { Chat, say } from "./support/chat.js"
import { logs } from "./support/logs.js"
import { Scripted, settle, until } from "./support/scripted.js"

/** A socket whose handler of `say` notes what it gets. */
const noting = (options: PeerSocketOptions = {}, kind: "stream" | "datagram" = "stream") =>
  Effect.gen(function* () {
    const transport = new Scripted(kind)
    const heard: Array<string> = []
    const socket = yield* PeerSocket.makeWith(transport, Chat, {
      ...options,
      handlers: { say: (peer, { text }) => Effect.sync(() => heard.push(`${peer.id}: ${text}`)) }
    })
    return { transport, heard, socket }
  })
type PeerSocketOptions = Omit<PeerOptions.Options<(typeof Chat)["messages"], never>, "handlers">

const a = PeerTransport.Peer("a")

describe("the receiver", () => {
  it.scoped("ST-15 ST-23 ST-24 ST-25 a packet is read, decoded, parsed and handled with its sender", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting()
      transport.push(transport.join("a"), say("one"))
      transport.push(transport.join("b"), say("two"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: one", "b: two"])
      assert.strictEqual((yield* socket.stats).received, 2)
    })
  )

  it.scoped("ST-23 drops packets without a byte; an error is logged and the loop goes on", () => {
    const { capture, lines } = logs()
    return Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting({
        decode: (packet) => (packet[0] === 33 ? Effect.fail("scrambled") : Effect.succeed(packet))
      })
      const peer = transport.join("a")
      transport.push(peer, "")
      transport.push(peer, "!")
      transport.push(peer, say("after"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: after"])
      const { empty, undecodable } = yield* socket.stats
      assert.deepStrictEqual([empty, undecodable], [1, 1])
      assert.strictEqual(
        lines.filter(({ about }) => about["reason"] === "undecodable" && about["peer"] === "a").length,
        1
      )
    }).pipe(capture)
  })

  it.scoped("ST-24 an undecodable body is counted, logged and dropped, and is no message (M-13)", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting()
      const peer = transport.join("a")
      const bad = [
        "{",
        "[]",
        '{"type":1}',
        "[1,{}]",
        '[1,{"text":1}]',
        '[1,{"text":"x"},"id"]',
        "[1.5,null]",
        "[[1],null]",
        "7"
      ]
      for (const body of bad) transport.push(peer, body)
      transport.push(peer, '[1,{"__proto__":{"text":"x"}}]')
      transport.push(peer, say("good"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: good"])
      assert.strictEqual((yield* socket.stats).undecodable, bad.length + 1)
    })
  )

  it.scoped("ST-8 unknown types are dropped, and counted", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting()
      const peer = transport.join("a")
      for (const type of [2, "1", "say", "", "~other"]) transport.push(peer, [type, { text: "x" }])
      transport.push(peer, ["bye", null])
      transport.push(peer, say("good"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: good"])
      assert.strictEqual((yield* socket.stats).unknownTypes, 6)
    })
  )

  it.scoped("a body over the format's limit is counted and dropped", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const Small = PeerProtocol.make("test/Small", Chat.messages, { format: PeerFormat.json({ maxMessageBytes: 30 }) })
      let handled = 0
      const socket = yield* PeerSocket.makeWith(transport, Small, {
        handlers: { say: () => Effect.sync(() => handled++) }
      })
      const peer = transport.join("a")
      transport.push(peer, say("x".repeat(40)))
      transport.push(peer, say("y"))
      yield* settle
      assert.strictEqual(handled, 1)
      assert.strictEqual((yield* socket.stats).oversize, 1)
      const error = yield* Effect.flip(socket.send.say({ text: "x".repeat(40) }, peer))
      assert.include(error.message, "maxMessageBytes")
    })
  )

  it.scoped("a peer that vanishes mid-packet leaves with the reason, and the others go on", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting()
      const peer = transport.join("a")
      const other = transport.join("b")
      yield* settle
      transport.inbox.leave(peer, new RemoteDuctReset({}))
      transport.push(other, say("still here"))
      yield* settle
      assert.isFalse(socket.knows(peer))
      assert.deepStrictEqual(heard, ["b: still here"])
    })
  )
})

describe("hooks between the packet and the handler", () => {
  it.scoped("ST-16 decode and encode are inverse transforms of the bytes", () =>
    Effect.gen(function* () {
      const flip = (bytes: Uint8Array) => Effect.sync(() => bytes.map((byte) => byte ^ 1))
      const { heard, socket, transport } = yield* noting({ decode: flip, encode: flip })
      const peer = transport.join("a")
      yield* settle
      yield* socket.send.say({ text: "secret" }, peer)
      const [sent = ""] = transport.sentTo(peer)
      assert.notInclude(sent, "secret")
      transport.push(peer, sent)
      yield* settle
      assert.deepStrictEqual(heard, ["a: secret"])
    })
  )

  it.scoped("ST-17 ST-18 serialise and parse hooks replace the format", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting({
        serialise: ({ data, type }) => Effect.succeed(`${type}=${JSON.stringify(data)}`),
        parse: (body) =>
          Effect.try(() => {
            const [type = "", data = ""] = new TextDecoder().decode(body).split("=")
            const parsed: unknown = JSON.parse(data)
            return { type: Number(type), data: parsed }
          })
      })
      const peer = transport.join("a")
      yield* settle
      yield* socket.send.say({ text: "hi" }, peer)
      assert.deepStrictEqual(transport.sentTo(peer), ['1={"text":"hi"}'])
      transport.push(peer, '1={"text":"there"}')
      transport.push(peer, "1=nonsense")
      yield* settle
      assert.deepStrictEqual(heard, ["a: there"])
      assert.strictEqual((yield* socket.stats).undecodable, 1)
    })
  )

  it.scoped("ST-19 a peer that goodPeer refuses is closed when it connects, and its packets are dropped unparsed", () =>
    Effect.gen(function* () {
      let isOpen = true
      const { heard, socket, transport } = yield* noting({
        goodPeer: (peer) => Effect.succeed(isOpen && peer.id !== "bad")
      })
      const good = transport.join("good")
      const bad = transport.join("bad")
      transport.push(bad, say("x"))
      transport.push(good, say("y"))
      yield* settle
      isOpen = false
      transport.push(good, "{ not even parsed")
      yield* settle
      assert.deepStrictEqual(heard, ["good: y"])
      assert.deepStrictEqual(transport.closed, ["bad"])
      const { badPeers, undecodable } = yield* socket.stats
      assert.deepStrictEqual([badPeers, undecodable], [2, 0])
    })
  )

  it.scoped("ST-19 a goodPeer that waits holds up only that peer; one that fails, or never ends, is a no", () =>
    Effect.gen(function* () {
      const decided = yield* Deferred.make<boolean>()
      const { heard, socket, transport } = yield* noting({
        goodPeer: (peer) =>
          peer.id === "slow"
            ? Deferred.await(decided)
            : peer.id === "never"
              ? Effect.never
              : peer.id === "fails"
                ? Effect.fail("?")
                : Effect.succeed(true)
      })
      const slow = transport.join("slow")
      const never = transport.join("never")
      const fails = transport.join("fails")
      const quick = transport.join("quick")
      for (const peer of [slow, never, fails, quick]) transport.push(peer, say("hi"))
      yield* settle
      assert.deepStrictEqual(heard, ["quick: hi"])
      yield* Deferred.succeed(decided, true)
      yield* settle
      assert.deepStrictEqual(heard, ["quick: hi", "slow: hi"])
      yield* TestClock.adjust("6 seconds")
      yield* settle
      assert.isFalse(socket.knows(never))
      assert.includeMembers(transport.closed, ["fails", "never"])
    })
  )

  it.scoped(
    "ST-19 M-13 a goodPeer that is late is a hook that failed, when it is asked for a peer and for a packet",
    () =>
      Effect.gen(function* () {
        let asked = 0
        const { heard, socket, transport } = yield* noting({
          // The first is about the peer, the second about a packet of another.
          goodPeer: () => (++asked === 2 ? Effect.succeed(true) : Effect.never),
          hookTimeout: "1 seconds"
        })
        transport.join("never")
        const other = transport.join("other")
        yield* settle
        transport.push(other, say("hi"))
        yield* settle
        yield* TestClock.adjust("999 millis")
        yield* settle
        const before = yield* socket.stats
        assert.deepStrictEqual([before.badPeers, before.hookFailures], [0, 0])
        yield* TestClock.adjust("1 millis")
        yield* settle
        const { badPeers, hookFailures } = yield* socket.stats
        assert.deepStrictEqual([badPeers, hookFailures], [2, 2])
        assert.deepStrictEqual([transport.closed, heard], [["never"], []])
      })
  )

  it.scoped("ST-20 handleAll changes and drops messages before the handlers, also their type", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting({
        handleAll: (message) =>
          Effect.succeed(
            message.type === "drop" ? undefined : message.type === "old" ? { ...message, type: 1 } : message
          )
      })
      const peer = transport.join("a")
      transport.push(peer, ["drop", null])
      transport.push(peer, ["old", { text: "renamed" }])
      transport.push(peer, say("as it is"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: renamed", "a: as it is"])
      assert.strictEqual((yield* socket.stats).filtered, 1)
    })
  )

  it.scoped("M-13 hooks that fail, die, throw or never end drop one packet each and stop nothing", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting({
        handleAll: (message) => {
          if (message.type === "throw") throw new Error("thrown")
          if (message.type === "never") return Effect.never
          if (message.type === "die") return Effect.die("died")
          return message.type === "fail" ? Effect.fail("failed") : Effect.succeed(message)
        }
      })
      const peer = transport.join("a")
      for (const type of ["throw", "die", "fail"]) transport.push(peer, [type, null])
      transport.push(peer, say("one"))
      transport.push(peer, ["never", null])
      transport.push(peer, say("two"))
      const other = transport.join("b")
      transport.push(other, say("other"))
      yield* settle
      assert.deepStrictEqual(heard, ["a: one", "b: other"])
      yield* TestClock.adjust("5 seconds")
      yield* settle
      assert.deepStrictEqual(heard, ["a: one", "b: other", "a: two"])
      assert.strictEqual((yield* socket.stats).hookFailures, 4)
    })
  )
})

describe("strangers", () => {
  it.scoped("datagram sources are handled, cost nothing afterwards, and become known when they are accepted", () =>
    Effect.gen(function* () {
      const { heard, socket, transport } = yield* noting({}, "datagram")
      for (let i = 0; i < 2000; i++) transport.push(PeerTransport.Peer(`udp://10.0.0.${i}:1`), say(`${i}`))
      yield* settle
      assert.strictEqual(heard.length, 2000)
      const stats = yield* socket.stats
      assert.deepStrictEqual([socket.knownPeers.size, stats.queuedBytes, stats.runningHandlers], [0, 0, 0])
      assert.isTrue(yield* socket.accept(a))
      assert.isTrue(yield* socket.accept(a))
      assert.isTrue(socket.knows(a))
    })
  )

  it.scoped("spoofed sources do not grow memory: what waits of them is bounded, and the rest counted", () =>
    Effect.gen(function* () {
      const transport = new Scripted("datagram")
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        maxStrangers: 10,
        handlers: { say: () => Effect.never }
      })
      for (let i = 0; i < 1000; i++) transport.push(PeerTransport.Peer(`udp://10.0.${i}.1:1`), say("x"))
      yield* settle
      const stats = yield* socket.stats
      assert.deepStrictEqual([stats.runningHandlers, stats.droppedReceived, stats.knownPeers], [10, 990, 0])
      yield* TestClock.adjust("31 seconds")
      yield* settle
      transport.push(a, say("x"))
      yield* settle
      assert.strictEqual((yield* socket.stats).runningHandlers, 1)
    })
  )

  it.scoped("a source's datagrams that find its queue full are dropped and counted", () =>
    Effect.gen(function* () {
      const transport = new Scripted("datagram")
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        parseQueue: 5,
        inQueue: 5,
        handlers: { say: () => Effect.never }
      })
      for (let i = 0; i < 100; i++) transport.push(a, say(`${i}`))
      yield* settle
      assert.strictEqual((yield* socket.stats).droppedReceived, 100 - 11)
    })
  )

  it.scoped("accepting keeps maxPeers", () =>
    Effect.gen(function* () {
      const { socket } = yield* noting({ maxPeers: 2 }, "datagram")
      const accepted = yield* Effect.forEach(["a", "b", "c"], (id) => socket.accept(PeerTransport.Peer(id)))
      assert.deepStrictEqual(accepted, [true, true, false])
      assert.strictEqual((yield* socket.stats).refusedPeers, 1)
    })
  )
})

describe("queues", () => {
  it.scoped("ST-4 full queues pause the peer's stream, lose nothing, and hold up nobody else", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const gate = yield* Deferred.make<void>()
      const heard: Array<string> = []
      yield* PeerSocket.makeWith(transport, Chat, {
        handlers: {
          say: (peer, { text }) =>
            Effect.zipRight(
              peer.id === "stuck" ? Deferred.await(gate) : Effect.void,
              Effect.sync(() => heard.push(`${peer.id} ${text}`))
            )
        }
      })
      const stuck = transport.join("stuck")
      for (let i = 0; i < 1000; i++) transport.push(stuck, say(`${i}`))
      const other = transport.join("other")
      for (let i = 0; i < 1000; i++) transport.push(other, say(`${i}`))
      yield* settle
      assert.strictEqual(heard.length, 1000)
      assert.deepStrictEqual(transport.paused, [["stuck", true]])
      yield* Deferred.succeed(gate, undefined)
      yield* until(() => heard.length === 2000)
      assert.deepStrictEqual(
        heard.slice(1000),
        Array.from({ length: 1000 }, (_, i) => `stuck ${i}`)
      )
      assert.deepStrictEqual(transport.paused.at(-1), ["stuck", false])
    })
  )

  it.scoped("ST-4 what all peers have waiting is bounded in bytes: then nothing is received", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const gate = yield* Deferred.make<void>()
      let handled = 0
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        maxQueuedBytes: 1000,
        handlers: {
          say: () =>
            Effect.zipRight(
              Deferred.await(gate),
              Effect.sync(() => handled++)
            )
        }
      })
      for (let i = 0; i < 50; i++) {
        const peer = transport.join(`p${i}`)
        for (let n = 0; n < 3; n++) transport.push(peer, say("x".repeat(80)))
      }
      yield* settle
      assert.isBelow((yield* socket.stats).queuedBytes, 1200)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual(handled, 150)
      assert.strictEqual((yield* socket.stats).queuedBytes, 0)
    })
  )

  it.scoped("an effectful Schema is parsed beside other peers, in order for its own", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const gate = yield* Deferred.make<void>()
      const Slow = Schema.transformOrFail(Schema.String, Schema.String, {
        strict: true,
        decode: (text) => (text.startsWith("slow") ? Effect.as(Deferred.await(gate), text) : Effect.succeed(text)),
        encode: Effect.succeed
      })
      const Protocol = PeerProtocol.make("test/Slow", { text: { schema: Slow } })
      const heard: Array<string> = []
      yield* PeerSocket.makeWith(transport, Protocol, {
        handlers: { text: (peer, text) => Effect.sync(() => heard.push(`${peer.id} ${text}`)) }
      })
      const one = transport.join("one")
      const two = transport.join("two")
      for (const text of ["slow 1", "2"]) transport.push(one, ["text", text])
      transport.push(two, ["text", "quick"])
      yield* settle
      assert.deepStrictEqual(heard, ["two quick"])
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(heard, ["two quick", "one slow 1", "one 2"])
    })
  )
})

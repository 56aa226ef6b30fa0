import { MetaSocket, PeerSocket } from "@ductworks/peers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { Chat, say } from "./support/chat.js"
import { Scripted, settle } from "./support/scripted.js"

/** A socket that notes what its own handler gets. */
const child = (name: string, noted: Array<string>) =>
  Effect.gen(function* () {
    const transport = new Scripted()
    const socket = yield* PeerSocket.makeWith(transport, Chat, {
      handlers: { say: (peer, { text }) => Effect.sync(() => noted.push(`${name} itself: ${peer.id} ${text}`)) }
    })
    const peer = transport.join(`${name}'s peer`)
    yield* settle
    return { transport, socket, peer }
  })

describe("MetaSocket", () => {
  it.scoped("ST-33 messages of its children reach its handlers with the child first, and theirs too", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const one = yield* child("one", noted)
      const two = yield* child("two", noted)
      yield* MetaSocket.make(Chat, {
        children: [one.socket, two.socket],
        handlers: {
          say: (from, peer, { text }, type) =>
            Effect.sync(() => noted.push(`meta: ${from === one.socket ? "one" : "two"} ${peer.id} ${text} ${type}`))
        }
      })
      one.transport.push(one.peer, say("a"))
      yield* settle
      two.transport.push(two.peer, say("b"))
      yield* settle
      assert.deepStrictEqual(noted, [
        "meta: one one's peer a say",
        "one itself: one's peer a",
        "meta: two two's peer b say",
        "two itself: two's peer b"
      ])
    })
  )

  it.scoped("ST-33 override suppresses the children's own handlers, while they are attached", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const { peer, socket, transport } = yield* child("one", noted)
      const meta = yield* MetaSocket.make(Chat, {
        override: true,
        children: [socket],
        handlers: { say: () => Effect.sync(() => noted.push("meta")) }
      })
      transport.push(peer, say("a"))
      transport.push(peer, ["bye", null])
      yield* settle
      yield* meta.detach(socket)
      transport.push(peer, say("b"))
      yield* settle
      assert.deepStrictEqual(noted, ["meta", "one itself: one's peer b"])
    })
  )

  it.scoped("ST-33 what it sends goes to all peers of all children, or to the child that knows the peer", () =>
    Effect.gen(function* () {
      const one = yield* child("one", [])
      const two = yield* child("two", [])
      const meta = yield* MetaSocket.make(Chat, { children: [one.socket, two.socket] })
      yield* meta.send.say({ text: "all" })
      yield* meta.send.say({ text: "two" }, two.peer)
      yield* meta.sendMessage("bye", null, one.peer)
      yield* meta.sendRaw(new TextEncoder().encode("raw"))
      const texts = ({ transport }: typeof one) => transport.sent.map(([, body]) => body)
      assert.deepStrictEqual(texts(one), ['[1,{"text":"all"}]', '["bye",null]', "raw"])
      assert.deepStrictEqual(texts(two), ['[1,{"text":"all"}]', '[1,{"text":"two"}]', "raw"])
      assert.isTrue(meta.knows(one.peer))
      const lost = yield* Effect.flip(meta.send.bye(null, { id: "nobody", endpoint: "" }))
      assert.strictEqual(lost._tag, "UnknownPeer")
      const asked = yield* Effect.fork(meta.request.sum([1], two.peer))
      yield* settle
      two.transport.push(two.peer, ["~reply", 1, 1])
      assert.strictEqual(yield* Fiber.join(asked), 1)
    })
  )

  it.scoped("ST-33 a child that fails does not stop the broadcast to the others", () =>
    Effect.gen(function* () {
      const one = yield* child("one", [])
      const two = yield* child("two", [])
      const meta = yield* MetaSocket.make(Chat, { children: [one.socket, two.socket] })
      one.transport.maxPacketBytes = 1
      const error = yield* Effect.flip(meta.send.say({ text: "all" }))
      assert.strictEqual(error._tag, "MessageTooLarge")
      assert.strictEqual(two.transport.sent.length, 1)
    })
  )

  it.scoped("ST-33 nests: the outer one sees the inner one as its child; circles do not close", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const { peer, socket, transport } = yield* child("leaf", noted)
      const inner = yield* MetaSocket.make(Chat, {
        children: [socket],
        handlers: { say: (from) => Effect.sync(() => noted.push(`inner ${from === socket}`)) }
      })
      const outer = yield* MetaSocket.make(Chat, {
        handlers: { say: (from) => Effect.sync(() => noted.push(`outer ${from === inner}`)) }
      })
      yield* outer.attach(inner)
      yield* outer.attach(inner)
      yield* inner.attach(outer)
      yield* inner.attach(inner)
      transport.push(peer, say("x"))
      yield* settle
      assert.deepStrictEqual(noted, ["outer true", "inner true", "leaf itself: leaf's peer x"])
      yield* outer.send.bye(null)
      yield* outer.send.bye(null, peer)
      assert.strictEqual(transport.sent.length, 2)
      assert.deepStrictEqual([outer.children.size, inner.children.size], [1, 1])
    })
  )

  it.scoped("ST-33 an overriding outer one suppresses all below it", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const { peer, socket, transport } = yield* child("leaf", noted)
      const note = (name: string) => ({ say: () => Effect.sync(() => noted.push(name)) })
      const inner = yield* MetaSocket.make(Chat, { children: [socket], handlers: note("inner") })
      yield* MetaSocket.make(Chat, { override: true, children: [inner], handlers: note("outer") })
      transport.push(peer, say("x"))
      yield* settle
      assert.deepStrictEqual(noted, ["outer"])
    })
  )

  it.scoped("ST-34 children are attached and detached while running; a closed one is gone, a closed meta lets go", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const scope = yield* Scope.make()
      const one = yield* Scope.extend(child("one", []), scope)
      const two = yield* child("two", noted)
      const metaScope = yield* Scope.make()
      const meta = yield* Scope.extend(MetaSocket.make(Chat), metaScope)
      const { remove } = yield* meta.handle("say", (_, peer) => Effect.sync(() => noted.push(`meta ${peer.id}`)))
      one.transport.push(one.peer, say("before"))
      yield* settle
      yield* meta.attach(one.socket)
      yield* meta.attach(two.socket)
      one.transport.push(one.peer, say("attached"))
      yield* settle
      yield* remove
      one.transport.push(one.peer, say("removed"))
      yield* settle
      assert.deepStrictEqual(noted, ["meta one's peer"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual([...meta.children], [two.socket])
      yield* meta.send.bye(null)
      yield* Scope.close(metaScope, Exit.void)
      assert.strictEqual(meta.children.size, 0)
      assert.isTrue(two.socket.isActive())
      two.transport.push(two.peer, say("free"))
      yield* settle
      assert.deepStrictEqual(noted, ["meta one's peer", "two itself: two's peer free"])
    })
  )

  it.scoped("ST-1 ST-33 a socket can belong to a meta socket from the beginning", () =>
    Effect.gen(function* () {
      const meta = yield* MetaSocket.make(Chat, {
        handlers: { sum: (_child, _peer, numbers) => Effect.succeed(numbers.length) }
      })
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, { metaSocket: meta })
      assert.deepStrictEqual([...meta.children], [socket])
      const peer = transport.join("a")
      transport.push(peer, [3, [1, 1, 1, 1], 9])
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), ['["~reply",4,9]'])
    })
  )
})

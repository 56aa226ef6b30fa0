import { PeerFormat, PeerProtocol, PeerSocket, PeerTransport } from "@ductworks/peers"
import { RemoteDuctReset } from "@ductworks/core/DuctError"
import { Interruption } from "@ductworks/testing"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schema, TestClock } from "effect"
import { Chat } from "./support/chat.js"
import { Scripted, settle } from "./support/scripted.js"

const asking = Effect.gen(function* () {
  const transport = new Scripted()
  const socket = yield* PeerSocket.makeWith(transport, Chat)
  const peer = transport.join("a")
  yield* settle
  const ask = Effect.fork(Effect.either(socket.request.sum([1, 2], peer)))
  const asked = yield* Effect.zipLeft(ask, settle)
  return { transport, socket, peer, asked, id: 1 }
})

describe("the side that asks", () => {
  it.scoped("ST-39 the wire of a request and its reply", () =>
    Effect.gen(function* () {
      const { asked, id, peer, socket, transport } = yield* asking
      assert.deepStrictEqual(transport.sentTo(peer), [`[3,[1,2],${id}]`])
      assert.strictEqual((yield* socket.stats).pendingRequests, 1)
      transport.push(peer, ["~reply", 3, id])
      const answer = yield* Fiber.join(asked)
      assert.isTrue(answer._tag === "Right" && answer.right === 3)
      assert.strictEqual((yield* socket.stats).pendingRequests, 0)
    })
  )

  it.scoped("fails with RequestFailed and the other side's reason, or when the reply cannot be read", () =>
    Effect.gen(function* () {
      for (const [body, reason] of [
        [["~error", "HandlerFailed"], "HandlerFailed"],
        [["~error", "something new"], "Undecodable"],
        [["~reply", "no number"], "Undecodable"]
      ] as const) {
        const { asked, id, peer, transport } = yield* asking
        transport.push(peer, [...body, id])
        const answer = yield* Fiber.join(asked)
        assert.isTrue(
          answer._tag === "Left" && answer.left._tag === "RequestFailed" && answer.left.reason === reason,
          reason
        )
      }
    })
  )

  it.scoped("times out with DuctTimeout, and cancels on the other side", () =>
    Effect.gen(function* () {
      const { asked, id, peer, transport } = yield* asking
      yield* TestClock.adjust("4 seconds")
      transport.push(peer, ["~beat", null])
      yield* settle
      yield* TestClock.adjust("5999 millis")
      assert.isNull(asked.unsafePoll())
      yield* TestClock.adjust("1 millis")
      const answer = yield* Fiber.join(asked)
      assert.isTrue(answer._tag === "Left" && answer.left._tag === "DuctTimeout")
      assert.strictEqual(transport.sentTo(peer).at(-1), `["~cancel",null,${id}]`)
    })
  )

  it.scoped("interruption cancels on the other side; a reply that comes later is counted", () =>
    Effect.gen(function* () {
      const { asked, id, peer, socket, transport } = yield* asking
      yield* Fiber.interrupt(asked)
      assert.strictEqual(transport.sentTo(peer).at(-1), `["~cancel",null,${id}]`)
      transport.push(peer, ["~reply", 3, id])
      yield* settle
      const { pendingRequests, unexpectedReplies } = yield* socket.stats
      assert.deepStrictEqual([pendingRequests, unexpectedReplies], [0, 1])
    })
  )

  it.scoped("fails with PeerLost when the peer leaves, is closed or falls silent", () =>
    Effect.gen(function* () {
      const left = yield* asking
      left.transport.inbox.leave(left.peer, new RemoteDuctReset({}))
      const closed = yield* asking
      yield* closed.socket.closePeer(closed.peer)
      const silent = yield* asking
      silent.transport.push(silent.peer, ["~beat", null])
      yield* settle
      const patient = yield* Effect.fork(
        Effect.either(silent.socket.request.sum([], silent.peer, { timeout: "1 hours" }))
      )
      yield* settle
      yield* TestClock.adjust("10 seconds")
      for (const [{ asked }, reason] of [
        [left, "Vanished"],
        [closed, "Closed"],
        [{ asked: patient }, "TimedOut"]
      ] as const) {
        const answer = yield* Fiber.join(asked)
        assert.isTrue(answer._tag === "Left" && answer.left._tag === "PeerLost" && answer.left.reason === reason)
      }
    })
  )

  it.scoped("another peer cannot answer, nor can nobody's reply do harm", () =>
    Effect.gen(function* () {
      const { asked, id, peer, socket, transport } = yield* asking
      const other = transport.join("other")
      for (const reply of [
        ["~reply", 9, id],
        ["~reply", 9, 999],
        ["~reply", 9],
        ["~error", "NoHandler"],
        ["~cancel", null, 5],
        ["~cancel", null]
      ]) {
        transport.push(other, reply)
      }
      yield* settle
      assert.isNull(asked.unsafePoll())
      assert.strictEqual((yield* socket.stats).unexpectedReplies, 4)
      transport.push(peer, ["~reply", 3, id])
      assert.strictEqual((yield* Fiber.join(asked))._tag, "Right")
    })
  )

  it.scoped("a format without an id is Unsupported", () =>
    Effect.gen(function* () {
      const Raw = PeerProtocol.make(
        "test/Raw",
        { ask: { type: 0, schema: Schema.Uint8ArrayFromSelf, reply: Schema.Uint8ArrayFromSelf } },
        { format: PeerFormat.raw() }
      )
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Raw)
      const error = yield* Effect.flip(socket.request.ask(new Uint8Array(1), transport.join("a")))
      assert.strictEqual(error._tag, "Unsupported")
    })
  )

  it.scoped("interrupted at any point nothing stays", () =>
    Effect.gen(function* () {
      const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
      const server = yield* PeerSocket.makeWith(serverTransport, Chat, {
        handlers: { sum: (_, [n = 0]) => Effect.as(Effect.yieldNow(), n) }
      })
      const client = yield* PeerSocket.makeWith(clientTransport, Chat)
      const peer = yield* client.connect(serverTransport.endpoints[0] ?? "")
      yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          yield* interrupted(client.request.sum([7], peer))
          assert.strictEqual((yield* client.stats).pendingRequests, 0)
        })
      )
      assert.strictEqual(yield* client.request.sum([8], peer), 8)
      yield* settle
      assert.strictEqual((yield* server.stats).runningHandlers, 0)
    })
  )
})

describe("the side that answers", () => {
  const answering = <E>(sum: (numbers: ReadonlyArray<number>) => Effect.Effect<number, E>) =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        maxRequests: 3,
        handlers: { sum: (_, numbers) => sum(numbers) }
      })
      const peer = transport.join("a")
      yield* settle
      return { transport, socket, peer }
    })

  it.scoped("sends the handler's success, or that it failed", () =>
    Effect.gen(function* () {
      const { peer, transport } = yield* answering(([first = 0]) =>
        first < 0 ? Effect.fail("negative") : first === 0 ? Effect.die("zero") : Effect.succeed(first)
      )
      for (const [i, first] of [5, -1, 0].entries()) transport.push(peer, [3, [first], i])
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), [
        '["~reply",5,0]',
        '["~error","HandlerFailed",1]',
        '["~error","HandlerFailed",2]'
      ])
    })
  )

  it.scoped("refuses what it does not know, cannot read or has no handler for", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      yield* PeerSocket.makeWith(transport, Chat)
      const peer = transport.join("a")
      transport.push(peer, [3, [1], 1])
      transport.push(peer, ["what", null, 2])
      transport.push(peer, [3, "no array", 3])
      transport.push(peer, ["bye", null, 4])
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), [
        '["~error","NoHandler",1]',
        '["~error","NoHandler",2]',
        '["~error","Undecodable",3]',
        '["~error","NoHandler",4]'
      ])
    })
  )

  it.scoped("a cancel interrupts the handler, also passing those that wait; too many requests are refused", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const begun: Array<number> = []
      const { peer, socket, transport } = yield* answering(([first = 0]) =>
        Effect.suspend(() => {
          begun.push(first)
          return Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
        })
      )
      for (let i = 1; i <= 4; i++) transport.push(peer, [3, [i], i])
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), ['["~error","TooMany",4]'])
      transport.push(peer, ["~cancel", null, 2])
      transport.push(peer, ["~cancel", null, 1])
      yield* settle
      assert.deepStrictEqual([begun, interrupted], [[1, 3], 1])
      assert.strictEqual(transport.sentTo(peer).length, 1)
      transport.inbox.leave(peer)
      yield* settle
      const { handlerFailures, runningHandlers } = yield* socket.stats
      assert.deepStrictEqual([interrupted, runningHandlers, handlerFailures], [2, 0, 0])
    })
  )

  it.scoped("of several handlers the first to succeed answers, once", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const gate = yield* Deferred.make<void>()
      yield* PeerSocket.makeWith(transport, Chat, {
        handlers: { sum: [() => Effect.as(Deferred.await(gate), 1), () => Effect.fail("x"), () => Effect.succeed(2)] }
      })
      const peer = transport.join("a")
      transport.push(peer, [3, [], 1])
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), ['["~reply",2,1]'])
    })
  )

  it.scoped("a plain message of a type with a reply is handled, and not answered", () =>
    Effect.gen(function* () {
      const { peer, transport } = yield* answering(() => Effect.succeed(1))
      transport.push(peer, [3, [1]])
      yield* settle
      assert.deepStrictEqual(transport.sent, [])
    })
  )

  it.scoped("a reply that cannot be written is the handler's failure", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const Odd = PeerProtocol.make("test/Odd", {
        ask: { schema: Schema.Null, reply: Schema.Number.pipe(Schema.int()) }
      })
      const socket = yield* PeerSocket.makeWith(transport, Odd, { handlers: { ask: () => Effect.succeed(0.5) } })
      const peer = transport.join("a")
      transport.push(peer, ["ask", null, 1])
      yield* settle
      assert.deepStrictEqual(transport.sentTo(peer), ['["~error","HandlerFailed",1]'])
      assert.strictEqual((yield* socket.stats).handlerFailures, 1)
    })
  )

  it.scoped("both sides may ask each other while they answer", () =>
    Effect.gen(function* () {
      const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
      const server: PeerSocket.PeerSocket<(typeof Chat)["messages"]> = yield* PeerSocket.makeWith(
        serverTransport,
        Chat,
        { handlers: { sum: (peer, numbers) => Effect.map(server.request.sum(numbers, peer), (sum) => sum * 10) } }
      )
      const client = yield* PeerSocket.makeWith(clientTransport, Chat, {
        handlers: { sum: (_, numbers) => Effect.succeed(numbers.length) }
      })
      const peer: PeerTransport.Peer = yield* client.connect(serverTransport.endpoints[0] ?? "")
      const sums = yield* Effect.all(
        Array.from({ length: 50 }, () => client.request.sum([1, 2, 3], peer)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(sums), new Set([30]))
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(client.send.bye(null, peer))))
    })
  )
})

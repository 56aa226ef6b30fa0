import { PeerSocket, PeerTransport } from "@ductworks/peers"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Ref, Scope, Stream } from "effect"
import { Chat, say } from "./support/chat.js"
import { logs } from "./support/logs.js"
import { Scripted, settle } from "./support/scripted.js"

describe("making a socket", () => {
  it.scoped(
    "ST-1 ST-9 handlers, connections with connectTo, childSetup, then active and workers; with the defaults",
    () =>
      Effect.gen(function* () {
        const transport = new Scripted()
        const order: Array<string> = []
        const socket = yield* PeerSocket.makeWith(transport, Chat, {
          connect: ["test://one", "test://two"],
          connectTo: (peer, made) =>
            Effect.sync(() => {
              order.push(`connectTo ${peer.endpoint}, ${made.handlers()["say"]} handlers, active ${made.isActive()}`)
            }),
          childSetup: (made) =>
            Effect.sync(() => {
              order.push(`childSetup with ${made.knownPeers.size} peers, active ${made.isActive()}`)
            }),
          defaultHandlers: [{ say: () => Effect.void }],
          handlers: { say: () => Effect.void },
          tick: () => Effect.sync(() => order.push("tick"))
        })
        yield* settle
        assert.deepStrictEqual(order, [
          "connectTo test://one, 2 handlers, active false",
          "connectTo test://two, 2 handlers, active false",
          "childSetup with 2 peers, active false",
          "tick"
        ])
        assert.isTrue(socket.isActive())
        assert.deepStrictEqual(socket.timeout, Duration.seconds(10))
        assert.deepStrictEqual(socket.tickInterval, Duration.millis(250))
      })
  )

  it.scoped(
    "ST-6 ST-13 the socket that is given is adopted; timeout, tickInterval, handlers and isActive are readable",
    () =>
      Effect.gen(function* () {
        const socket = yield* PeerSocket.makeWith(new Scripted("datagram"), Chat, {
          timeout: "3 seconds",
          tickInterval: "20 millis",
          handlers: { say: [() => Effect.void, () => Effect.void] }
        })
        assert.strictEqual(socket.id, "test/Chat")
        assert.strictEqual(socket.kind, "datagram")
        assert.deepStrictEqual(socket.endpoints, ["test://here"])
        assert.strictEqual(Duration.toMillis(socket.timeout), 3000)
        assert.strictEqual(Duration.toMillis(socket.tickInterval), 20)
        assert.deepStrictEqual(socket.handlers(), { say: 2 })
      })
  )

  it.scoped("ST-14 the dummy gives packets of no bytes from 127.0.0.1:1337, which are dropped", () =>
    Effect.gen(function* () {
      const transport = yield* PeerTransport.PeerTransport
      const [event] = yield* transport.receive
      assert.strictEqual(event._tag, "Packet")
      assert.strictEqual(event.peer.endpoint, "udp://127.0.0.1:1337")
      assert.strictEqual(event._tag === "Packet" && event.packet.length, 0)
      let handled = 0
      const socket = yield* PeerSocket.make(Chat, { handlers: { say: () => Effect.sync(() => handled++) } })
      yield* settle
      const stats = yield* socket.stats
      assert.isAbove(stats.empty, 3)
      assert.strictEqual(handled, 0)
      assert.strictEqual(socket.knownPeers.size, 0)
      yield* socket.send.bye(null, yield* socket.connect("udp://127.0.0.1:9"))
    }).pipe(Effect.provide(PeerTransport.layerDummy))
  )

  it.scoped("a layer provides the socket of a protocol, and hooks take services from the context", () => {
    class Greeter extends Context.Tag("Greeter")<Greeter, { readonly word: string }>() {}
    const network = MemoryPeers.network()
    const program = Effect.gen(function* () {
      const server = yield* Chat.Socket
      const heard = yield* Deferred.make<string>()
      const transport = yield* MemoryPeers.make(network)
      const client = yield* PeerSocket.makeWith(transport, Chat, {
        handlers: { say: (_, { text }) => Deferred.succeed(heard, text) }
      })
      const peer = yield* client.connect(server.endpoints[0] ?? "")
      yield* client.send.bye(null, peer)
      assert.strictEqual(yield* Deferred.await(heard), "farewell")
    })
    const layer = PeerSocket.layer(Chat, {
      handlers: {
        bye: (peer) =>
          Effect.gen(function* () {
            const { word } = yield* Greeter
            const socket = yield* Effect.promise(() => Promise.resolve(word))
            return yield* Ref.set(said, [socket, peer.id])
          })
      },
      childSetup: (socket) =>
        socket.handle("bye", (peer) => Effect.flatMap(Greeter, ({ word }) => socket.send.say({ text: word }, peer)))
    }).pipe(Layer.provide(MemoryPeers.layer(network)), Layer.provide(Layer.succeed(Greeter, { word: "farewell" })))
    const said = Ref.unsafeMake<ReadonlyArray<string>>([])
    return Effect.provide(program, layer)
  })

  it.scoped("a childSetup or a connectTo that fails fails the socket; wire types that clash are refused", () =>
    Effect.gen(function* () {
      const setup = yield* Effect.flip(
        PeerSocket.makeWith(new Scripted(), Chat, { childSetup: () => Effect.fail("no") })
      )
      assert.strictEqual(setup._tag, "SetupFailed")
      const refused = yield* Effect.flip(
        PeerSocket.makeWith(new Scripted(), Chat, { connect: ["test://x"], connectTo: () => Effect.die("no") })
      )
      assert.strictEqual(refused._tag, "PeerRefused")
      assert.include(refused.message, "connectTo")
    })
  )
})

describe("default handlers", () => {
  it.scoped(
    "ST-10 are composed: the parent's, the own, the user's, none lost, and the caller's objects stay as they are",
    () =>
      Effect.gen(function* () {
        const transport = new Scripted()
        const ran: Array<string> = []
        const note = (name: string) => () => Effect.sync(() => ran.push(name))
        const parents = { say: note("parent") }
        const own = { say: [note("own 1"), note("own 2")], bye: note("own bye") }
        const users = { say: note("user") }
        const socket = yield* PeerSocket.makeWith(transport, Chat, { defaultHandlers: [parents, own], handlers: users })
        const peer = transport.join("a")
        transport.push(peer, say("x"))
        transport.push(peer, ["bye", null])
        yield* settle
        assert.deepStrictEqual(ran, ["parent", "own 1", "own 2", "user", "own bye"])
        assert.deepStrictEqual(socket.handlers(), { say: 4, bye: 1 })
        assert.deepStrictEqual([Object.keys(parents), own.say.length, Object.keys(users)], [["say"], 2, ["say"]])
      })
  )
})

describe("peers", () => {
  it.scoped("ST-2 knownPeers maps each peer to metadata that the application may update", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        metadata: (peer) => ({ name: `new at ${peer.id}`, score: 0 })
      })
      const peer = transport.join("a")
      yield* settle
      const known = socket.knownPeers.get(peer.id)
      assert.deepStrictEqual(known?.metadata, { name: "new at a", score: 0 })
      if (known !== undefined) known.metadata.score = 7
      assert.strictEqual(socket.knownPeers.get(peer.id)?.metadata.score, 7)
      transport.inbox.leave(peer)
      yield* settle
      assert.strictEqual(socket.knownPeers.size, 0)
    })
  )

  it.scoped("ST-11 connectTo authenticates, with requests to the peer, before it is known", () =>
    Effect.gen(function* () {
      const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
      yield* PeerSocket.makeWith(serverTransport, Chat, {
        handlers: { sum: (_peer, [secret = 0]) => Effect.succeed(secret === 42 ? 1 : 0) }
      })
      const secret = yield* Ref.make(1)
      const client = yield* PeerSocket.makeWith(clientTransport, Chat, {
        connectTo: (peer, socket) =>
          Effect.gen(function* () {
            assert.isFalse(socket.knows(peer))
            const answer = yield* socket.request.sum([yield* Ref.get(secret)], peer)
            if (answer !== 1) return yield* Effect.fail("wrong secret")
          })
      })
      const [endpoint = ""] = serverTransport.endpoints
      const refused = yield* Effect.flip(client.connect(endpoint))
      assert.strictEqual(refused._tag, "PeerRefused")
      assert.strictEqual(client.knownPeers.size, 0)
      yield* Ref.set(secret, 42)
      const peer = yield* client.connect(endpoint)
      assert.isTrue(client.knows(peer))
    })
  )

  it.scoped("ST-11 an interrupted connect, or one whose hook never ends, leaves no peer", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        connectTo: () => Effect.never,
        hookTimeout: "50 millis"
      })
      const connecting = yield* Effect.fork(socket.connect("test://x"))
      yield* settle
      yield* Fiber.interrupt(connecting)
      yield* settle
      assert.deepStrictEqual(transport.closed, ["test://x#1"])
      assert.strictEqual(socket.knownPeers.size, 0)
    })
  )

  it.scoped("ST-12 closePeer forgets and closes; an unknown peer is nothing", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat)
      const peer = transport.join("a")
      yield* settle
      yield* socket.closePeer(PeerTransport.Peer("nobody"))
      yield* socket.closePeer(peer)
      yield* socket.closePeer(peer)
      yield* settle
      assert.deepStrictEqual(transport.closed, ["a"])
      assert.isFalse(socket.knows(peer))
    })
  )

  it.scoped("events tell of joined and left peers, to each subscriber, and end with the socket", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(PeerSocket.makeWith(transport, Chat), scope)
      const one = yield* Effect.fork(Stream.runCollect(socket.events))
      const two = yield* Effect.fork(Stream.runCollect(socket.events))
      yield* settle
      const peer = transport.join("a")
      const other = transport.join("b")
      yield* settle
      transport.inbox.leave(peer)
      yield* settle
      yield* socket.closePeer(other)
      yield* Scope.close(scope, Exit.void)
      const expected = ["Joined a", "Joined b", "Left a", "Left b"]
      for (const fiber of [one, two]) {
        const events = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
        assert.deepStrictEqual(
          events.map(({ _tag, peer: { id } }) => `${_tag} ${id}`),
          expected
        )
      }
      assert.strictEqual(Chunk.size(yield* Stream.runCollect(socket.events)), 0)
    })
  )

  it.scoped("what a peer sent before it left is handled, while it is still known", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const seen: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const socket: PeerSocket.PeerSocket<(typeof Chat)["messages"]> = yield* PeerSocket.makeWith(transport, Chat, {
        handlers: {
          say: (peer, { text }) =>
            Effect.flatMap(Deferred.await(gate), () => Effect.sync(() => seen.push(`${text} ${socket.knows(peer)}`)))
        }
      })
      const peer = transport.join("a")
      transport.push(peer, say("1"))
      transport.push(peer, say("2"))
      transport.inbox.leave(peer)
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(seen, ["1 true", "2 true"])
      assert.isFalse(socket.knows(peer))
    })
  )
})

describe("closing", () => {
  it.scoped("leaving the scope interrupts every handler and waits for it, and fails what comes later", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const scope = yield* Scope.make()
      let interrupted = 0
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const socket = yield* Scope.extend(
        PeerSocket.makeWith(transport, Chat, { handlers: { say: [() => slow, () => slow] }, tick: () => slow }),
        scope
      )
      const peer = transport.join("a")
      transport.push(peer, say("x"))
      yield* settle
      const waiting = yield* Effect.fork(Effect.flip(socket.request.sum([1], peer)))
      yield* settle
      assert.strictEqual((yield* socket.stats).runningHandlers, 2)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(interrupted, 3)
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "DuctClosed")
      assert.strictEqual((yield* Effect.flip(socket.send.bye(null, peer)))._tag, "DuctClosed")
      assert.strictEqual((yield* Effect.flip(socket.send.bye(null)))._tag, "DuctClosed")
      assert.strictEqual((yield* Effect.flip(socket.connect("test://x")))._tag, "DuctClosed")
      assert.strictEqual((yield* Effect.flip(socket.request.sum([1], peer)))._tag, "DuctClosed")
      assert.isFalse(yield* socket.accept(PeerTransport.Peer("z")))
      assert.isFalse(socket.isActive())
    })
  )

  it.scoped("a handler may close its own socket, and is interrupted then", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const scope = yield* Scope.make()
      const closed = yield* Deferred.make<void>()
      yield* Scope.extend(
        PeerSocket.makeWith(transport, Chat, {
          handlers: { bye: () => Effect.ensuring(Scope.close(scope, Exit.void), Deferred.succeed(closed, undefined)) }
        }),
        scope
      )
      transport.push(transport.join("a"), ["bye", null])
      yield* Deferred.await(closed)
    })
  )

  it.scoped("a transport that fails ends the socket with a log and a Left for each peer, and no spinning", () => {
    const { capture, lines } = logs()
    return Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat)
      const left = yield* Effect.fork(Stream.runCollect(socket.events))
      yield* settle
      transport.join("a")
      yield* settle
      transport.inbox.end()
      const events = Chunk.toReadonlyArray(yield* Fiber.join(left))
      assert.deepStrictEqual(
        events.map(({ _tag }) => _tag),
        ["Joined", "Left"]
      )
      assert.isFalse(socket.isActive())
      assert.strictEqual(lines.filter(({ level }) => level === "ERROR").length, 1)
    }).pipe(capture)
  })
})

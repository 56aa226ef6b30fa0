import { PeerProtocol, type PeerOptions, PeerSocket } from "@ductworks/peers"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import * as NodeWebSocketPeers from "@ductworks/platform-node/NodeWebSocketPeers"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { client, endpointOf, server, until, watch } from "./support/peers.js"
import { freshUnix, openResources, stable } from "./support/transport.js"

/** Sockets over real transports: what both together promise. */
class Chat extends PeerProtocol.make("test/Chat", {
  say: { type: 1, schema: Schema.Struct({ number: Schema.Number, text: Schema.String }) },
  wait: { type: 2, schema: Schema.Null, reply: Schema.Null }
}) {}

type Transport = Effect.Effect<PeerTransportService, unknown, Scope.Scope>

const streams: ReadonlyArray<readonly [name: string, row: string, server: Transport, client: Transport]> = [
  ["tcp", "ST-37", server(), client()],
  ["unix", "ST-37", Effect.flatMap(freshUnix, (address) => server({ address })), client()],
  ["websocket", "ST-42", NodeWebSocketPeers.makeServer(), NodeWebSocketPeers.makeClient()]
]

const text = "x".repeat(1000)

for (const [name, row, makeServer, makeClient] of streams) {
  describe(`sockets over ${name}`, () => {
    it.scopedLive(`ST-4 ${row} a handler that stands still stops its sender, and nothing is lost (${name})`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const heard: Array<number> = []
        const transport = yield* makeServer
        const hear = (number: number) => Effect.sync(() => heard.push(number))
        const socket = yield* PeerSocket.makeWith(transport, Chat, {
          handlers: { say: (_, { number }) => Effect.zipRight(Deferred.await(gate), hear(number)) }
        })
        const sender = yield* PeerSocket.makeWith(yield* makeClient, Chat)
        const peer = yield* sender.connect(endpointOf(transport))
        let sent = 0
        const send = Effect.suspend(() => sender.send.say({ number: sent, text }, peer))
        const flood = yield* Effect.fork(Effect.forever(Effect.map(send, () => sent++)))
        yield* stable(() => sent)
        assert.isBelow(sent * text.length, 16 * 1024 * 1024)
        assert.isAtMost((yield* socket.stats).queuedBytes, 300 * 1100)
        yield* Fiber.interrupt(flood)
        yield* Deferred.succeed(gate, undefined)
        yield* until(() => heard.length >= sent)
        assert.isTrue(heard.every((number, i) => number === i))
      })
    )

    it.scopedLive(`ST-39 ${row} interrupting a request interrupts its handler over there (${name})`, () =>
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const interrupted = yield* Deferred.make<void>()
        const transport = yield* makeServer
        yield* PeerSocket.makeWith(transport, Chat, {
          handlers: {
            wait: () =>
              Deferred.succeed(begun, undefined).pipe(
                Effect.zipRight(Effect.never),
                Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
              )
          }
        })
        const asker = yield* PeerSocket.makeWith(yield* makeClient, Chat)
        const peer = yield* asker.connect(endpointOf(transport))
        const asking = yield* Effect.fork(asker.request.wait(null, peer))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(asking)
        yield* Deferred.await(interrupted)
        assert.strictEqual((yield* asker.stats).pendingRequests, 0)
      })
    )
  })
}

describe("slow and silent peers of real sockets", () => {
  const policies: ReadonlyArray<readonly [PeerOptions.SlowPeerPolicy, "droppedSent" | "tooSlow"]> = [
    ["wait", "droppedSent"],
    ["dropNewest", "droppedSent"],
    ["dropOldest", "droppedSent"],
    ["disconnect", "tooSlow"]
  ]
  for (const [slowPeer, counter] of policies) {
    it.scopedLive(`ST-22 ST-37 a peer that does not read holds up no broadcast: ${slowPeer}, counted (tcp)`, () =>
      Effect.gen(function* () {
        const transport = yield* server()
        const socket = yield* PeerSocket.makeWith(transport, Chat, { slowPeer, timeout: "1 hours" })
        // Connected, and never received from.
        const deaf = yield* client()
        yield* deaf.connect(endpointOf(transport))
        const heard: Array<number> = []
        const listener = yield* PeerSocket.makeWith(yield* client(), Chat, {
          handlers: { say: (_, { number }) => Effect.sync(() => heard.push(number)) }
        })
        yield* listener.connect(endpointOf(transport))
        yield* until(() => socket.knownPeers.size === 2)
        const big = "x".repeat(100_000)
        let sent = 0
        while ((yield* socket.stats)[counter] === 0) {
          yield* socket.send.say({ number: sent++, text: big })
          // No faster than the one who reads: what is dropped is then the other's.
          yield* until(() => heard.length === sent)
          assert.isBelow(sent, 2000)
        }
        assert.strictEqual(socket.knownPeers.size, slowPeer === "disconnect" ? 1 : 2)
        assert.isTrue(heard.every((number, i) => number === i))
      })
    )
  }

  it.scopedLive(
    "ST-28 ST-37 a thousand peers that connect and never speak are closed, and who speaks is served (unix)",
    () =>
      Effect.gen(function* () {
        const address = yield* freshUnix
        const before = yield* openResources
        const scope = yield* Scope.make()
        const transport = yield* Scope.extend(server({ address }), scope)
        let heard = 0
        const socket = yield* Scope.extend(
          PeerSocket.makeWith(transport, Chat, {
            firstMessageTimeout: "500 millis",
            handlers: { say: () => Effect.sync(() => heard++) }
          }),
          scope
        )
        const crowd = yield* Scope.extend(client(), scope)
        // libuv accepts once in a turn of the loop, which this process shares with those who connect: its queue gets full.
        const connect = Effect.retry(crowd.connect(endpointOf(transport)), Schedule.spaced("5 millis"))
        yield* Effect.replicateEffect(connect, 1000, { concurrency: 50, discard: true })
        yield* until(() => Effect.runSync(socket.stats).neverSpoke === 1000)
        const speaker = yield* Scope.extend(
          Effect.flatMap(client(), (own) => PeerSocket.makeWith(own, Chat)),
          scope
        )
        const peer = yield* speaker.connect(endpointOf(transport))
        yield* speaker.send.say({ number: 1, text }, peer)
        yield* until(() => heard === 1)
        assert.strictEqual(socket.knownPeers.size, 1)
        assert.strictEqual((yield* socket.stats).timedOut, 0)
        yield* Scope.close(scope, Exit.void)
        yield* until(() => Effect.runSync(openResources) <= before)
      }),
    30_000
  )

  it.scopedLive("ST-37 peers over maxPeers are closed and counted, and a place that is free again is taken (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const socket = yield* PeerSocket.makeWith(transport, Chat, { maxPeers: 3, firstMessageTimeout: "1 hours" })
      const crowd = yield* client()
      const seen = yield* watch(crowd)
      const connect = crowd.connect(endpointOf(transport))
      const peers = yield* Effect.replicateEffect(connect, 5)
      yield* until(() => seen.left().length === 2)
      assert.strictEqual(socket.knownPeers.size, 3)
      assert.strictEqual((yield* socket.stats).refusedPeers, 2)
      const gone = new Set(seen.left().map((left) => left.peer.id))
      const [free] = peers.filter(({ id }) => !gone.has(id))
      if (free === undefined) return assert.fail("all were refused")
      yield* crowd.close(free)
      yield* until(() => socket.knownPeers.size === 2)
      yield* connect
      yield* until(() => socket.knownPeers.size === 3)
    })
  )

  it.scopedLive("ST-38 sources that nobody accepted are handled, answered and forgotten (udp)", () =>
    Effect.gen(function* () {
      const transport = yield* NodePeers.makeUdp()
      let heard = 0
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        handlers: { say: () => Effect.sync(() => heard++) }
      })
      for (let i = 1; i <= 200; i++) {
        const sending = Effect.gen(function* () {
          const one = yield* PeerSocket.makeWith(yield* NodePeers.makeUdp(), Chat)
          yield* one.send.say({ number: i, text: "" }, yield* one.connect(endpointOf(transport)))
        })
        yield* Effect.scoped(sending)
        yield* until(() => heard === i)
      }
      const { knownPeers, queuedBytes, runningHandlers } = yield* socket.stats
      assert.deepStrictEqual([knownPeers, queuedBytes, runningHandlers], [0, 0, 0])
    })
  )
})

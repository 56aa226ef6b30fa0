import * as NodeWebSocketPeers from "@ductworks/platform-node/NodeWebSocketPeers"
import { checkPeers } from "@ductworks/testing/checkPeers"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as http from "node:http"
import * as net from "node:net"
import { WebSocket } from "ws"
import { WebSocketPeer } from "../src/internal/peers/webSocketPeer.js"
import { endpointOf, portOf, until, watch } from "./support/peers.js"
import { openResources, text } from "./support/transport.js"

describe("checkPeers over WebSockets", () => {
  const server = NodeWebSocketPeers.makeServer()
  const client = NodeWebSocketPeers.makeClient()
  for (const check of checkPeers({
    kind: "stream",
    server,
    client,
    nobody: "ws://127.0.0.1:1",
    probe: openResources
  })) {
    it.live(`ST-42 law ${check.law}: ${check.name} (websocket)`, () => check.run, 20_000)
  }
})

const rawSocket = (url: string, origin?: string) =>
  Effect.acquireRelease(
    Effect.async<WebSocket, Error>((resume) => {
      const socket = new WebSocket(url, origin === undefined ? {} : { origin })
      socket.once("open", () => resume(Effect.succeed(socket)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    }),
    (socket) => Effect.sync(() => socket.terminate())
  )

/** A server that somebody else owns, with a page. */
const page = Effect.acquireRelease(
  Effect.async<http.Server>((resume) => {
    const server = http.createServer((_, response) => response.end("a page"))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

describe("WebSocket peers", () => {
  it.scopedLive("ST-42 one frame is one packet, text or binary, and a close forgets the peer (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer({ frames: "text" })
      const seen = yield* watch(server)
      const socket = yield* rawSocket(endpointOf(server))
      const received: Array<string> = []
      socket.on("message", (data, isBinary) =>
        received.push(`${isBinary} ${Buffer.isBuffer(data) ? data.toString() : "?"}`)
      )
      socket.send("tëxt")
      socket.send(Uint8Array.of(1, 2, 3))
      yield* until(() => seen.packets().length === 2)
      const [first, second] = seen.packets()
      if (first === undefined || second === undefined) return assert.fail("nothing came")
      assert.strictEqual(Buffer.from(first.packet).toString(), "tëxt")
      assert.deepStrictEqual([...second.packet], [1, 2, 3])
      yield* server.send(first.peer, text.encode("answer"))
      yield* until(() => received.length === 1)
      assert.deepStrictEqual(received, ["false answer"])
      socket.close(1001)
      yield* until(() => seen.left().length === 1)
      assert.isUndefined(seen.left()[0]?.cause)
      assert.include(yield* Effect.flip(server.send(first.peer, text.encode("?"))), { _tag: "UnknownPeer" })
    })
  )

  it.scopedLive("ST-42 shares a server that serves a page, and leaves it as it was (websocket)", () =>
    Effect.gen(function* () {
      const owned = yield* page
      yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* NodeWebSocketPeers.makeServer({ server: owned, path: "/chat" })
          assert.match(endpointOf(server), /^ws:\/\/127\.0\.0\.1:\d+\/chat$/)
          yield* rawSocket(endpointOf(server))
          const [event] = yield* server.receive
          assert.strictEqual(event._tag, "Joined")
          const response = yield* Effect.promise(() => fetch(`http://127.0.0.1:${portOfServer(owned)}/`))
          assert.strictEqual(yield* Effect.promise(() => response.text()), "a page")
        })
      )
      assert.isTrue(owned.listening)
      assert.strictEqual(owned.listenerCount("upgrade"), 0)
    })
  )

  it.scopedLive("ST-42 pages of other hosts are refused unless they are named (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer()
      const url = endpointOf(server)
      assert.include(String(yield* Effect.flip(rawSocket(url, "http://elsewhere.example"))), "403")
      yield* rawSocket(url, url.replace("ws:", "http:"))
      const named = yield* NodeWebSocketPeers.makeServer({ origins: ["http://elsewhere.example"] })
      yield* rawSocket(endpointOf(named), "http://elsewhere.example")
    })
  )

  it.scopedLive("ST-42 an oversize packet closes its peer and no other, and is counted (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer({ maxPacketBytes: 100 })
      const seen = yield* watch(server)
      const bad = yield* rawSocket(endpointOf(server))
      const good = yield* rawSocket(endpointOf(server))
      bad.send(new Uint8Array(101))
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "MessageTooLarge", limit: 100, limitName: "maxPacketBytes" })
      good.send("ok")
      yield* until(() => seen.packets().length === 1)
      assert.deepStrictEqual(server.stats(), { droppedDatagrams: 0, oversize: 1, malformed: 0, refused: 0 })
    })
  )

  it.scopedLive("ST-42 unfinished packets of all peers share one budget, which comes back (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer({ maxReassemblyBytes: 250_000 })
      const seen = yield* watch(server)
      const sockets = yield* Effect.replicateEffect(rawSocket(endpointOf(server)), 3)
      for (const socket of sockets) socket.send(new Uint8Array(90_000), { fin: false })
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "PeerLost", reason: "Refused" })
      assert.strictEqual(server.stats().refused, 1)
      for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(10_000))
      yield* until(() => seen.packets().length === 2)
      assert.deepStrictEqual(
        seen.packets().map(({ packet }) => packet.length),
        [100_000, 100_000]
      )
      const last = yield* rawSocket(endpointOf(server))
      last.send(new Uint8Array(200_000))
      yield* until(() => seen.packets().length === 3)
      assert.propertyVal(Reflect.get(server, "budget"), "held", 0)
    })
  )

  it.scopedLive(
    "ST-42 a peer that vanishes inside a packet, and one that speaks nonsense, leave with a cause (websocket)",
    () =>
      Effect.gen(function* () {
        const server = yield* NodeWebSocketPeers.makeServer()
        const seen = yield* watch(server)
        const vanishes = yield* rawSocket(endpointOf(server))
        vanishes.send("begun", { fin: false })
        yield* until(() => seen.joined().length === 1)
        vanishes.terminate()
        yield* until(() => seen.left().length === 1)
        assert.include(seen.left()[0]?.cause, { _tag: "PeerLost", reason: "Vanished" })
        const babbles = yield* rawSocket(endpointOf(server))
        const wire: unknown = Reflect.get(babbles, "_socket")
        if (!(wire instanceof net.Socket)) return assert.fail("no socket")
        wire.write(Buffer.alloc(64, 0xff))
        yield* until(() => seen.left().length === 2)
        assert.include(seen.left()[1]?.cause, { _tag: "PeerLost", reason: "Vanished" })
        assert.strictEqual(server.stats().malformed, 1)
      })
  )

  it.scopedLive(
    "ST-42 peers that connect and never speak: over the backlog they are refused and counted (websocket)",
    () =>
      Effect.gen(function* () {
        const server = yield* NodeWebSocketPeers.makeServer({ backlog: 3 })
        const open = Effect.option(rawSocket(endpointOf(server)))
        const opened = (yield* Effect.replicateEffect(open, 10)).filter((one) => one._tag === "Some")
        assert.strictEqual(opened.length, 3)
        assert.strictEqual(server.stats().refused, 7)
      })
  )

  for (const [name, options] of [
    ["hostname", { host: "" }],
    ["hostname", { host: "a b" }],
    ["port", { port: -1 }],
    ["port", { port: NaN }],
    ["path", { path: "" }],
    ["path", { path: "chat" }],
    ["path", { path: "/chat?room=1" }],
    ["path", { path: "/caf\u00e9" }]
  ] as const) {
    const given = JSON.stringify(options)
    it.scopedLive(`ST-42 a ${name} that nobody can connect to is an InvalidArgument: ${given} (websocket)`, () =>
      Effect.gen(function* () {
        const failed = yield* Effect.flip(NodeWebSocketPeers.makeServer(options))
        assert.include(failed, { _tag: "InvalidArgument", operation: "bind" })
        assert.include(failed.message, `the ${name}`.replace("the hostname", "hostname"))
      })
    )
  }

  it.scopedLive("ST-42 an endpoint with a fragment is an InvalidAddress (websocket)", () =>
    Effect.gen(function* () {
      const client = yield* NodeWebSocketPeers.makeClient()
      const failed = yield* Effect.flip(client.connect("ws://127.0.0.1:1/chat#room"))
      assert.strictEqual(failed._tag, "InvalidAddress")
    })
  )

  it.scopedLive("ST-42 an address in use is AddressInUse (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer()
      const failed = yield* Effect.flip(NodeWebSocketPeers.makeServer({ port: portOf(server) }))
      assert.include(failed, { _tag: "BindFailed", reason: "AddressInUse" })
    })
  )

  for (const linger of ["30 days", Duration.infinity] as const) {
    it.scopedLive(`ST-42 what was taken arrives before the scope ends, with a linger of ${linger} (websocket)`, () =>
      Effect.gen(function* () {
        const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
        const server = yield* Scope.extend(NodeWebSocketPeers.makeServer({ linger, highWaterMark: 20_000_000 }), scope)
        const client = yield* NodeWebSocketPeers.makeClient({ maxPacketBytes: 2_000_000 })
        yield* client.connect(endpointOf(server))
        const [{ peer }] = yield* server.receive
        for (let i = 0; i < 10; i++) yield* server.send(peer, new Uint8Array(1_000_000))
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        const seen = yield* watch(client)
        yield* until(() => seen.left().length === 1)
        assert.isUndefined(seen.left()[0]?.cause)
        assert.strictEqual(seen.packets().length, 10)
        yield* Fiber.join(closing)
      })
    )
  }

  it.scopedLive("ST-42 linger is the only limit of a close: that of ws does not come before (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer({ linger: "2 minutes" })
      const client = yield* NodeWebSocketPeers.makeClient({ linger: "3 minutes" })
      yield* client.connect(endpointOf(server))
      yield* server.receive
      const limits = [server, client].map((transport): unknown => {
        const open: unknown = Reflect.get(transport, "open")
        const [own] = open instanceof Set ? Array.from<unknown>(open) : []
        return own instanceof WebSocketPeer ? Reflect.get(own.socket, "_closeTimeout") : undefined
      })
      assert.deepStrictEqual(limits, [120_000, 180_000])
    })
  )

  it.scopedLive("ST-42 connect takes any time, an infinite one too, and TimedOut when it is over (websocket)", () =>
    Effect.gen(function* () {
      const server = yield* NodeWebSocketPeers.makeServer()
      yield* watch(server)
      for (const timeout of ["30 days", Duration.infinity] as const) {
        const client = yield* NodeWebSocketPeers.makeClient({ timeout })
        yield* client.connect(endpointOf(server))
      }
      // It accepts, and never answers.
      const mute = yield* Effect.acquireRelease(
        Effect.async<net.Server>((resume) => {
          const listening = net.createServer((socket) => socket.on("error", () => {}).resume())
          listening.listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
        }),
        (listening) => Effect.async<void>((resume) => void listening.close(() => resume(Effect.void)))
      )
      const hasty = yield* NodeWebSocketPeers.makeClient({ timeout: "100 millis" })
      const failed = yield* Effect.flip(hasty.connect(`ws://127.0.0.1:${portOfServer(mute)}`))
      assert.include(failed, { _tag: "ConnectFailed", reason: "TimedOut", code: "ETIMEDOUT" })
    })
  )
})

const portOfServer = (server: net.Server): number => {
  const bound = server.address()
  return bound === null || typeof bound === "string" ? 0 : bound.port
}

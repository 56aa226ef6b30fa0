import { Peer } from "@ductworks/peers/PeerTransport"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as dgram from "node:dgram"
import { Target } from "../src/internal/peers/udpTarget.js"
import { endpointOf, portOf, until, watch } from "./support/peers.js"
import { text } from "./support/transport.js"

const rawSocket = Effect.acquireRelease(
  Effect.sync(() => dgram.createSocket("udp4")),
  (socket) => Effect.async<void>((resume) => void socket.close(() => resume(Effect.void)))
)

const sendRaw = (socket: dgram.Socket, bytes: Uint8Array, port: number) =>
  Effect.async<void>((resume) => socket.send(bytes, port, "127.0.0.1", () => resume(Effect.void)))

describe("UDP peers", () => {
  for (const [family, host, id] of [
    ["IPv4", "127.0.0.1", /^udp:\/\/127\.0\.0\.1:\d+$/],
    ["IPv6", "::1", /^udp:\/\/\[::1\]:\d+$/]
  ] as const) {
    it.scopedLive(`ST-38 ${family}: a source is its endpoint, and one peer has one id (udp)`, () =>
      Effect.gen(function* () {
        const server = yield* NodePeers.makeUdp({ host })
        const client = yield* NodePeers.makeUdp({ host })
        const seen = yield* watch(server)
        const long = endpointOf(server).replace("[::1]", "[0:0:0:0:0:0:0:1]")
        const peer = yield* client.connect(long)
        assert.deepStrictEqual(peer, Peer(endpointOf(server)))
        yield* client.send(peer, new Uint8Array(8192))
        yield* until(() => seen.packets().length === 1)
        assert.match(seen.packets()[0]?.peer.id ?? "", id)
        assert.strictEqual(seen.packets()[0]?.peer.id, endpointOf(client))
        assert.strictEqual(seen.packets()[0]?.packet.length, 8192)
      })
    )
  }

  it.scopedLive("ST-38 names are resolved, and a name that is none is ConnectFailed (udp)", () =>
    Effect.gen(function* () {
      const server = yield* NodePeers.makeUdp()
      assert.deepStrictEqual(
        yield* server.connect(`udp://localhost:${portOf(server)}`),
        Peer(`udp://127.0.0.1:${portOf(server)}`)
      )
      const failed = yield* Effect.flip(server.connect("udp://nobody.invalid:7"))
      assert.include(failed, { _tag: "ConnectFailed", reason: "NameNotResolved" })
      for (const text of ["udp://:7", "udp://a:0", "udp://a:65536", "tcp://a:7"]) {
        assert.include(yield* Effect.flip(server.connect(text)), { _tag: "InvalidAddress", address: text })
      }
    })
  )

  it.scopedLive("ST-38 an address in use is AddressInUse; reuseAddress shares it (udp)", () =>
    Effect.gen(function* () {
      const first = yield* NodePeers.makeUdp({ reuseAddress: true })
      const port = portOf(first)
      const failed = yield* Effect.flip(NodePeers.makeUdp({ port }))
      assert.include(failed, { _tag: "BindFailed", reason: "AddressInUse", address: endpointOf(first) })
      const second = yield* NodePeers.makeUdp({ port, reuseAddress: true })
      assert.deepStrictEqual(second.endpoints, first.endpoints)
    })
  )

  for (const name of ["port", "receiveBufferBytes", "sendBufferBytes"] as const) {
    it.scopedLive(`ST-38 ${name} that is no such number is an InvalidArgument that names it (udp)`, () =>
      Effect.gen(function* () {
        for (const value of [-1, 1.5, Infinity, NaN, 2 ** 31]) {
          const failed = yield* Effect.flip(NodePeers.makeUdp({ [name]: value }))
          assert.include(failed, { _tag: "InvalidArgument", operation: "bind" })
          assert.match(failed.message, new RegExp(`${name} must be a whole number .* not ${value}$`))
        }
        yield* NodePeers.makeUdp({ receiveBufferBytes: 1, sendBufferBytes: 2 ** 31 - 1 })
      })
    )
  }

  it.scopedLive("ST-38 a host that is none does not bind all interfaces, as Node would (udp)", () =>
    Effect.gen(function* () {
      for (const host of ["", " ", "local\0host"]) {
        const failed = yield* Effect.flip(NodePeers.makeUdp({ host }))
        assert.include(failed, { _tag: "InvalidArgument", operation: "bind" })
        assert.match(failed.message, /hostname cannot/)
      }
    })
  )

  it.scopedLive("ST-38 an inbox however small takes a datagram, of any size (udp)", () =>
    Effect.gen(function* () {
      const sender = yield* NodePeers.makeUdp()
      for (const size of [0, -1, 0.5, 1, NaN]) {
        for (const limits of [{ maxPackets: size }, { maxBytes: size }, { maxBatch: size }]) {
          const server = yield* NodePeers.makeUdp(limits)
          yield* sender.send(yield* sender.connect(endpointOf(server)), new Uint8Array(100))
          const [event] = yield* server.receive
          assert.strictEqual(event._tag === "Packet" && event.packet.length, 100)
        }
      }
    })
  )

  it.scopedLive("ST-38 a larger datagram is dropped and counted, the next one is received (udp)", () =>
    Effect.gen(function* () {
      const server = yield* NodePeers.makeUdp()
      const seen = yield* watch(server)
      const socket = yield* rawSocket
      yield* sendRaw(socket, new Uint8Array(8193), portOf(server))
      yield* sendRaw(socket, new Uint8Array(0), portOf(server))
      yield* until(() => seen.packets().length === 1)
      assert.strictEqual(seen.packets()[0]?.packet.length, 0)
      assert.deepStrictEqual(server.stats(), { droppedDatagrams: 1, oversize: 1, malformed: 0, refused: 0 })
    })
  )

  it.scopedLive("ST-38 datagrams for which there is no room are dropped and counted (udp)", () =>
    Effect.gen(function* () {
      const server = yield* NodePeers.makeUdp({ maxPackets: 10 })
      const socket = yield* rawSocket
      for (let i = 0; i < 50; i++) yield* sendRaw(socket, Uint8Array.of(i), portOf(server))
      yield* until(() => server.stats().droppedDatagrams === 40)
      const events = yield* server.receive
      assert.deepStrictEqual(
        events.map((event) => (event._tag === "Packet" ? event.packet[0] : -1)),
        [0, 1, 2, 3, 4, 5, 6, 7].concat(events.length > 8 ? [8, 9] : [])
      )
    })
  )

  it.scopedLive("ST-38 ten thousand sources leave no trace in the transport (udp)", () =>
    Effect.gen(function* () {
      const server = yield* NodePeers.makeUdp()
      // Targets are remembered so that their text is not read again: at most 1024, whoever is answered.
      for (let port = 1; port <= 10_000; port++) yield* server.offer(Peer(`udp://127.0.0.1:${port}`), new Uint8Array(1))
      const targets: unknown = Reflect.get(server, "targets")
      assert.isTrue(targets instanceof Map && targets.size <= 1024)
      const seen = yield* watch(server)
      for (let i = 0; i < 200; i++) {
        yield* Effect.scoped(Effect.flatMap(rawSocket, (socket) => sendRaw(socket, text.encode("x"), portOf(server))))
      }
      yield* until(() => seen.packets().length === 200)
      const inbox: unknown = Reflect.get(server, "inbox")
      assert.propertyVal(inbox, "size", 0)
      assert.strictEqual(seen.joined().length + seen.left().length, 0)
    })
  )

  it.scopedLive("ST-38 multicast: a group is joined, and its members hear what is sent to it (udp)", () =>
    Effect.gen(function* () {
      const groups = ["239.255.13.37"]
      const loopback = { interface: "127.0.0.1", loopback: true, ttl: 0 }
      const first = yield* NodePeers.makeUdp({ host: "0.0.0.0", multicast: { groups, ...loopback } })
      const second = yield* NodePeers.makeUdp({
        host: "0.0.0.0",
        port: portOf(first),
        multicast: { groups, ...loopback }
      })
      const sender = yield* NodePeers.makeUdp({ host: "127.0.0.1", multicast: loopback })
      const seen = [yield* watch(first), yield* watch(second)]
      yield* sender.send(yield* sender.connect(`udp://239.255.13.37:${portOf(first)}`), text.encode("all"))
      yield* until(() => seen.every((one) => one.packets().length === 1))
      const failed = yield* Effect.flip(NodePeers.makeUdp({ multicast: { groups: ["10.0.0.1"] } }))
      assert.include(failed, { _tag: "BindFailed" })
    })
  )

  it("ST-38 what the system refused of a datagram that nobody waited for is told once, and then asked about (udp)", () => {
    const target = new Target("127.0.0.1", 9)
    const refused = new Error("refused")
    target.prove(true)
    target.sent(null)
    assert.strictEqual(target.failure(), undefined)
    target.sent(refused)
    assert.strictEqual(target.failure(), refused)
    assert.strictEqual(target.failure(), undefined)
    assert.isFalse(target.isProven)
  })

  it.scopedLive("ST-38 broadcast: allowed where it was asked for, else the sender is told (udp)", () =>
    Effect.gen(function* () {
      const server = yield* NodePeers.makeUdp({ host: "0.0.0.0" })
      const seen = yield* watch(server)
      const allowed = yield* NodePeers.makeUdp({ broadcast: true })
      const forbidden = yield* NodePeers.makeUdp()
      const everybody = Peer(`udp://127.255.255.255:${portOf(server)}`)
      const failed = yield* Effect.flip(forbidden.send(everybody, text.encode("x")))
      assert.include(failed, {
        _tag: "ConnectFailed",
        reason: "PermissionDenied",
        code: "EACCES",
        address: everybody.id
      })
      yield* allowed.send(everybody, text.encode("x"))
      yield* until(() => seen.packets().length === 1)
      assert.strictEqual(seen.packets()[0]?.peer.id, endpointOf(allowed))
    })
  )
  it.scopedLive("ST-38 what is wrong with one peer is its error, and others are reached as before (udp)", () =>
    Effect.gen(function* () {
      const socket = yield* NodePeers.makeUdp()
      const other = yield* NodePeers.makeUdp()
      const endpoint = "udp://[::1]:5555"
      assert.include(yield* Effect.flip(socket.connect(endpoint)), { _tag: "InvalidAddress", address: endpoint })
      const bytes = text.encode("x")
      assert.include(yield* Effect.flip(socket.send(Peer(endpoint), bytes)), { _tag: "UnknownPeer", peer: endpoint })
      const broadcast = yield* socket.connect("udp://127.255.255.255:9")
      assert.include(yield* Effect.flip(socket.send(broadcast, bytes)), { _tag: "ConnectFailed", code: "EACCES" })
      const nobody = Peer("udp://nobody.invalid:7")
      assert.include(yield* Effect.flip(socket.send(nobody, bytes)), {
        _tag: "ConnectFailed",
        reason: "NameNotResolved"
      })
      yield* socket.send(Peer(endpointOf(other)), bytes)
      const [{ peer }] = yield* other.receive
      yield* other.send(peer, bytes)
      assert.lengthOf(yield* socket.receive, 1)
    })
  )

  it.scopedLive("ST-38 an IPv6 socket sends to an IPv4 peer that was made elsewhere, too (udp)", () =>
    Effect.gen(function* () {
      const both = yield* NodePeers.makeUdp({ host: "::" })
      const old = yield* NodePeers.makeUdp()
      yield* both.send(Peer(endpointOf(old)), text.encode("x"))
      const [{ peer }] = yield* old.receive
      assert.strictEqual(peer.id, `udp://127.0.0.1:${portOf(both)}`)
    })
  )
})

import type { Unsupported } from "@ductworks/core/DuctError"
import { PeerProtocol, PeerSocket } from "@ductworks/peers"
import type { BindError } from "@ductworks/peers/PeerError"
import { Peer, type PeerTransport, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { checkPeers } from "@ductworks/testing/checkPeers"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as dgram from "node:dgram"
import * as SocketPeers from "../src/SocketPeers.js"
import { endpointOf, portOf, until, watch } from "./support/peers.js"
import { openResources } from "./support/transport.js"

type MakeUdp = (
  options?: NodePeers.UdpOptions
) => Effect.Effect<PeerTransportService, BindError | Unsupported, Scope.Scope>

/** The same peers, whichever way their datagrams reach the system. */
const kinds: ReadonlyArray<
  readonly [kind: string, makeUdp: MakeUdp, layer: Layer.Layer<PeerTransport, BindError | Unsupported>]
> = [
  ["node:dgram", NodePeers.makeUdp, NodePeers.layerUdp()],
  ["native", SocketPeers.makeUdp, SocketPeers.layerUdp()]
]

class Chat extends PeerProtocol.make("test/Chat", {
  hello: { schema: Schema.String, reply: Schema.String }
}) {}

const text = new TextEncoder()

const rawSocket = Effect.acquireRelease(
  Effect.sync(() => dgram.createSocket("udp4")),
  (socket) => Effect.async<void>((resume) => void socket.close(() => resume(Effect.void)))
)

const sendRaw = (socket: dgram.Socket, bytes: Uint8Array, port: number) =>
  Effect.async<void>((resume) => socket.send(bytes, port, "127.0.0.1", () => resume(Effect.void)))

for (const [kind, makeUdp, layer] of kinds) {
  describe(`UDP peers over ${kind}`, () => {
    for (const [family, host, id] of [
      ["IPv4", "127.0.0.1", /^udp:\/\/127\.0\.0\.1:\d+$/],
      ["IPv6", "::1", /^udp:\/\/\[::1\]:\d+$/]
    ] as const) {
      it.scopedLive(`ST-38 ${family}: a source is its endpoint, and one peer has one id (udp, ${kind})`, () =>
        Effect.gen(function* () {
          const server = yield* makeUdp({ host })
          const client = yield* makeUdp({ host })
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

    it.scopedLive(`ST-38 names are resolved, and a name that is none is ConnectFailed (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp()
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

    it.scopedLive(`ST-38 an address in use is AddressInUse; reuseAddress shares it (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const first = yield* makeUdp({ reuseAddress: true })
        const port = portOf(first)
        const failed = yield* Effect.flip(makeUdp({ port }))
        assert.include(failed, { _tag: "BindFailed", reason: "AddressInUse", address: endpointOf(first) })
        const second = yield* makeUdp({ port, reuseAddress: true })
        assert.deepStrictEqual(second.endpoints, first.endpoints)
      })
    )

    for (const name of ["port", "receiveBufferBytes", "sendBufferBytes"] as const) {
      it.scopedLive(`ST-38 ${name} that is no such number is an InvalidArgument that names it (udp, ${kind})`, () =>
        Effect.gen(function* () {
          for (const value of [-1, 1.5, Infinity, NaN, 2 ** 31]) {
            const failed = yield* Effect.flip(makeUdp({ [name]: value }))
            assert.include(failed, { _tag: "InvalidArgument", operation: "bind" })
            assert.match(failed.message, new RegExp(`${name} must be a whole number .* not ${value}$`))
          }
          yield* makeUdp({ receiveBufferBytes: 1, sendBufferBytes: 2 ** 31 - 1 })
        })
      )
    }

    it.scopedLive(`ST-38 a host that is none does not bind all interfaces, as Node would (udp, ${kind})`, () =>
      Effect.gen(function* () {
        for (const host of ["", " ", "local\0host"]) {
          const failed = yield* Effect.flip(makeUdp({ host }))
          assert.include(failed, { _tag: "InvalidArgument", operation: "bind" })
          assert.match(failed.message, /hostname cannot/)
        }
      })
    )

    it.scopedLive(`ST-38 an inbox however small takes a datagram, of any size (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const sender = yield* makeUdp()
        for (const size of [0, -1, 0.5, 1, NaN]) {
          for (const limits of [{ maxPackets: size }, { maxBytes: size }, { maxBatch: size }]) {
            const server = yield* makeUdp(limits)
            yield* sender.send(yield* sender.connect(endpointOf(server)), new Uint8Array(100))
            const [event] = yield* server.receive
            assert.strictEqual(event._tag === "Packet" && event.packet.length, 100)
          }
        }
      })
    )

    it.scopedLive(`ST-38 a larger datagram is dropped and counted, the next one is received (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp()
        const seen = yield* watch(server)
        const socket = yield* rawSocket
        yield* sendRaw(socket, new Uint8Array(8193), portOf(server))
        yield* sendRaw(socket, new Uint8Array(0), portOf(server))
        yield* until(() => seen.packets().length === 1)
        assert.strictEqual(seen.packets()[0]?.packet.length, 0)
        assert.deepStrictEqual(server.stats(), { droppedDatagrams: 1, oversize: 1, malformed: 0, refused: 0 })
      })
    )

    it.scopedLive(`ST-38 datagrams for which there is no room are dropped and counted (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp({ maxPackets: 10 })
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

    it.scopedLive(`ST-38 ten thousand sources leave no trace in the transport (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp()
        // Targets are remembered so that their text is not read again: at most 1024, whoever is answered.
        for (let port = 1; port <= 10_000; port++)
          yield* server.offer(Peer(`udp://127.0.0.1:${port}`), new Uint8Array(1))
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

    it.scopedLive(`ST-38 multicast: a group is joined, and its members hear what is sent to it (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const groups = ["239.255.13.37"]
        const loopback = { interface: "127.0.0.1", loopback: true, ttl: 0 }
        const first = yield* makeUdp({ host: "0.0.0.0", multicast: { groups, ...loopback } })
        const second = yield* makeUdp({
          host: "0.0.0.0",
          port: portOf(first),
          multicast: { groups, ...loopback }
        })
        const sender = yield* makeUdp({ host: "127.0.0.1", multicast: loopback })
        const seen = [yield* watch(first), yield* watch(second)]
        yield* sender.send(yield* sender.connect(`udp://239.255.13.37:${portOf(first)}`), text.encode("all"))
        yield* until(() => seen.every((one) => one.packets().length === 1))
        const failed = yield* Effect.flip(makeUdp({ multicast: { groups: ["10.0.0.1"] } }))
        assert.include(failed, { _tag: "BindFailed" })
        const elsewhere = yield* Effect.flip(makeUdp({ multicast: { groups, interface: "192.0.2.1" } }))
        assert.include(elsewhere, { _tag: "BindFailed" })
        for (const ttl of [-1, 0.5, 256, NaN]) {
          const wrong = yield* Effect.flip(makeUdp({ multicast: { ttl } }))
          assert.include(wrong, { _tag: "InvalidArgument", operation: "bind" })
          assert.match(wrong.message, new RegExp(`multicast.ttl must be a whole number from 0 to 255, not ${ttl}$`))
        }
      })
    )

    it.scopedLive(`ST-38 broadcast: allowed where it was asked for, else the sender is told (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp({ host: "0.0.0.0" })
        const seen = yield* watch(server)
        const allowed = yield* makeUdp({ broadcast: true })
        const forbidden = yield* makeUdp()
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

    it.scopedLive(
      `ST-38 what is wrong with one peer is its error, and others are reached as before (udp, ${kind})`,
      () =>
        Effect.gen(function* () {
          const socket = yield* makeUdp()
          const other = yield* makeUdp()
          const endpoint = "udp://[::1]:5555"
          assert.include(yield* Effect.flip(socket.connect(endpoint)), { _tag: "InvalidAddress", address: endpoint })
          const bytes = text.encode("x")
          assert.include(yield* Effect.flip(socket.send(Peer(endpoint), bytes)), {
            _tag: "UnknownPeer",
            peer: endpoint
          })
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

    it.scopedLive(`ST-38 an IPv6 socket sends to an IPv4 peer that was made elsewhere, too (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const both = yield* makeUdp({ host: "::" })
        const old = yield* makeUdp()
        yield* both.send(Peer(endpointOf(old)), text.encode("x"))
        const [{ peer }] = yield* old.receive
        assert.strictEqual(peer.id, `udp://127.0.0.1:${portOf(both)}`)
      })
    )

    it.scopedLive(`ST-38 sockets talk over the layer (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const [here, there] = [yield* Layer.build(Layer.fresh(layer)), yield* Layer.build(Layer.fresh(layer))]
        const handlers = { hello: (_: Peer, name: string) => Effect.succeed(`hello, ${name}`) }
        const server = yield* Effect.provide(PeerSocket.make(Chat, { handlers }), here)
        const client = yield* Effect.provide(PeerSocket.make(Chat), there)
        const peer = yield* client.connect(server.endpoints[0] ?? "")
        assert.strictEqual(yield* client.request.hello("Ada", peer), "hello, Ada")
      })
    )

    it.scopedLive(
      `ST-38 a peer of a socket of the other family is reached by its text, or unknown (udp, ${kind})`,
      () =>
        Effect.gen(function* () {
          const both = yield* makeUdp({ host: "::" })
          const old = yield* makeUdp()
          const [peerOfOld, peerOfBoth] = [yield* old.connect(endpointOf(old)), yield* both.connect(endpointOf(both))]
          yield* both.send(peerOfOld, text.encode("x"))
          const [{ peer }] = yield* old.receive
          assert.strictEqual(peer.id, `udp://127.0.0.1:${portOf(both)}`)
          assert.include(yield* Effect.flip(old.send(peerOfBoth, text.encode("x"))), { _tag: "UnknownPeer" })
        })
    )

    it.scopedLive(`ST-38 a name is resolved for a datagram that does not wait, too (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp()
        const client = yield* makeUdp()
        assert.isTrue(yield* client.offer(Peer(`udp://localhost:${portOf(server)}`), text.encode("x")))
        const [{ peer }] = yield* server.receive
        assert.strictEqual(peer.id, endpointOf(client))
      })
    )

    it.scopedLive(`ST-38 many that came at once are received in order, each from its sender (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const server = yield* makeUdp({ receiveBufferBytes: 1024 * 1024 })
        const seen = yield* watch(server)
        const [one, two] = [yield* makeUdp(), yield* makeUdp()]
        const to = Peer(endpointOf(server))
        // One after the other, and in rows of growing length, all before the event loop has its turn.
        const senders: Array<PeerTransportService> = []
        for (let row = 1; senders.length < 120; row++) {
          for (let i = 0; i < row; i++) senders.push(row % 2 === 0 ? one : two)
        }
        yield* Effect.forEach([one, two], (sender) => sender.send(to, Uint8Array.of(255)))
        yield* until(() => seen.packets().length === 2)
        for (const [at, sender] of senders.entries()) yield* sender.offer(to, new Uint8Array(1 + at).fill(at))
        yield* until(() => seen.packets().length === 2 + senders.length)
        for (const [at, { packet, peer }] of seen.packets().slice(2).entries()) {
          assert.strictEqual(peer.id, senders[at]?.endpoints[0])
          assert.deepStrictEqual(packet, new Uint8Array(1 + at).fill(at))
        }
      })
    )

    it.scopedLive(`ST-38 the largest datagrams there are arrive whole (udp, ${kind})`, () =>
      Effect.gen(function* () {
        const roomy = { maxPacketBytes: 100_000, receiveBufferBytes: 1024 * 1024, sendBufferBytes: 1024 * 1024 }
        for (const [host, largest] of [
          ["127.0.0.1", 65_507],
          ["::1", 65_527]
        ] as const) {
          const server = yield* makeUdp({ host, ...roomy })
          const client = yield* makeUdp({ host, ...roomy })
          assert.strictEqual(client.maxPacketBytes, largest)
          const [one, two] = [new Uint8Array(largest).fill(1), new Uint8Array(largest).fill(2)]
          const seen = yield* watch(server)
          yield* client.send(Peer(endpointOf(server)), one)
          yield* client.send(Peer(endpointOf(server)), two)
          yield* until(() => seen.packets().length === 2)
          assert.deepStrictEqual(
            seen.packets().map(({ packet }) => packet),
            [one, two]
          )
        }
      })
    )

    for (const host of ["127.0.0.1", "::1"]) {
      const options = { kind: "datagram", server: makeUdp({ host }), probe: openResources } as const
      for (const check of checkPeers(options)) {
        it.live(`ST-15 ST-38 law ${check.law}: ${check.name} (udp to ${host}, ${kind})`, () => check.run, 20_000)
      }
    }
  })
}

import { Address } from "@ductworks/core"
import { Framing } from "@ductworks/message"
import { UnixAddress } from "@ductworks/core/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as net from "node:net"
import { turn } from "./fixtures/child/support.js"
import { client, endpointOf, portOf, server, until, watch } from "./support/peers.js"
import { freshUnix, openResources, stable, text } from "./support/transport.js"

const packet = (size: number) => new Uint8Array(size).fill(7)

/** A connection that says what it is told to, byte by byte. */
const rawSocket = (port: number) =>
  Effect.acquireRelease(
    Effect.async<net.Socket>((resume) => {
      const socket = net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", () => {})
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const frame = (length: number, body: string) => {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeUInt32BE(length)
  bytes.write(body, 4)
  return bytes
}

describe("connections as peers", () => {
  it.scopedLive("ST-37 a packet is a 32-bit big-endian length and a body, in both directions (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const seen = yield* watch(transport)
      const socket = yield* rawSocket(portOf(transport))
      const received: Array<Buffer> = []
      socket.on("data", (chunk) => received.push(chunk))
      for (const byte of frame(5, "hello")) socket.write(Buffer.of(byte))
      yield* until(() => seen.packets().length === 1)
      const [event] = seen.packets()
      if (event === undefined) return assert.fail("nothing came")
      assert.strictEqual(Buffer.from(event.packet).toString(), "hello")
      assert.match(event.peer.id, /^tcp:\/\/127\.0\.0\.1:\d+#1$/)
      yield* transport.send(event.peer, text.encode("hi"))
      yield* until(() => Buffer.concat(received).length === 6)
      assert.deepStrictEqual(Buffer.concat(received), frame(2, "hi"))
    })
  )

  it.scopedLive(
    "ST-37 Unix sockets too; the file is gone afterwards, and an address in use is AddressInUse (unix)",
    () =>
      Effect.gen(function* () {
        const address = yield* freshUnix
        const transport = yield* server({ address })
        const seen = yield* watch(transport)
        const one = yield* client()
        const peer = yield* one.connect(endpointOf(transport))
        assert.strictEqual(peer.endpoint, Address.format(address))
        yield* one.send(peer, packet(3))
        yield* until(() => seen.packets().length === 1)
        assert.strictEqual(seen.packets()[0]?.peer.id, "unix:#1")
        const failed = yield* Effect.flip(server({ address: UnixAddress(address.path) }))
        assert.include(failed, { _tag: "BindFailed", reason: "AddressInUse" })
      })
  )

  it.scopedLive("ST-37 a TCP address in use is AddressInUse (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const address = Address.TcpAddress("127.0.0.1", portOf(transport))
      assert.include(yield* Effect.flip(server({ address })), { _tag: "BindFailed", reason: "AddressInUse" })
    })
  )

  it.scopedLive("ST-40 lines: text up to a newline; what a line cannot carry is refused (lines)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ framing: Framing.lines })
      const seen = yield* watch(transport)
      const socket = yield* rawSocket(portOf(transport))
      socket.write("one\ntwo\nth")
      yield* until(() => seen.packets().length === 2)
      assert.deepStrictEqual(
        seen.packets().map((event) => Buffer.from(event.packet).toString()),
        ["one", "two"]
      )
      const peer = seen.joined()[0]?.peer
      if (peer === undefined) return assert.fail("nobody joined")
      assert.include(yield* Effect.flip(transport.send(peer, text.encode("a\nb"))), { _tag: "SerializeError" })
      socket.end()
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "MessageTruncated", received: 2 })
    })
  )

  it.scopedLive("ST-37 an oversize packet closes its peer and no other, and is counted (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ maxPacketBytes: 100 })
      const seen = yield* watch(transport)
      const bad = yield* rawSocket(portOf(transport))
      const good = yield* rawSocket(portOf(transport))
      bad.write(frame(101, "x"))
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "MessageTooLarge", size: 101, limitName: "maxPacketBytes" })
      good.write(frame(2, "ok"))
      yield* until(() => seen.packets().length === 1)
      assert.deepStrictEqual(transport.stats(), { droppedDatagrams: 0, oversize: 1, malformed: 0, refused: 0 })
    })
  )

  it.scopedLive("ST-37 a peer that speaks something else is closed, and counted (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ framing: Framing.ductworks })
      const seen = yield* watch(transport)
      const bad = yield* rawSocket(portOf(transport))
      bad.write("GET / HTTP/1.1\r\n\r\n")
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "MessageProtocolError", expected: 0x54 })
      assert.strictEqual(transport.stats().malformed, 1)
    })
  )

  it.scopedLive("ST-37 a peer that closes inside a packet leaves with MessageTruncated (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const seen = yield* watch(transport)
      const socket = yield* rawSocket(portOf(transport))
      socket.end(frame(10, "half"))
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "MessageTruncated", expected: 14, received: 8 })
      assert.strictEqual(seen.packets().length, 0)
    })
  )

  it.scopedLive("ST-37 M-3 a peer that is reset inside a packet leaves with RemoteDuctReset (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const seen = yield* watch(transport)
      // The packet's beginning may be read before the reset comes, or with it: both ways, some of each.
      for (let i = 1; i <= 20; i++) {
        const socket = yield* rawSocket(portOf(transport))
        socket.write(frame(10, "half"))
        yield* until(() => seen.joined().length === i)
        if (i % 2 === 0) yield* turn
        socket.resetAndDestroy()
        yield* until(() => seen.left().length === i)
        assert.include(seen.left()[i - 1]?.cause, { _tag: "RemoteDuctReset", code: "ECONNRESET" })
      }
      assert.strictEqual(seen.packets().length, 0)
    })
  )

  it.scopedLive("ST-37 M-3 a reset is none the less one where the peer had much to read (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const seen = yield* watch(transport)
      const socket = yield* rawSocket(portOf(transport))
      socket.pause().write(frame(10, "half"))
      yield* until(() => seen.joined().length === 1)
      const peer = seen.joined()[0]?.peer
      if (peer === undefined) return assert.fail("nobody joined")
      for (let taken = 0; yield* transport.offer(peer, packet(64 * 1024)); taken++) assert.isBelow(taken, 1000)
      socket.resetAndDestroy()
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "RemoteDuctReset", code: "ECONNRESET" })
    })
  )

  it.scopedLive("ST-37 unfinished packets of all peers share one budget, which comes back (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ maxReassemblyBytes: 1000, maxPacketBytes: 10_000 })
      const seen = yield* watch(transport)
      const sockets = yield* Effect.replicateEffect(rawSocket(portOf(transport)), 3)
      for (const socket of sockets) socket.write(frame(5000, "x".repeat(400)))
      yield* until(() => seen.left().length === 1)
      assert.include(seen.left()[0]?.cause, { _tag: "PeerLost", reason: "Refused" })
      assert.strictEqual(transport.stats().refused, 1)
      for (const socket of sockets) socket.end("x".repeat(100))
      yield* until(() => seen.left().length === 3)
      const last = yield* rawSocket(portOf(transport))
      last.write(frame(900, "y".repeat(800)))
      last.write("y".repeat(100))
      yield* until(() => seen.packets().length === 1)
      assert.strictEqual(seen.packets()[0]?.packet.length, 900)
    })
  )

  it.scopedLive(
    "ST-37 a thousand peers that connect and never speak wait in a bounded backlog, and leave nothing (unix)",
    () =>
      Effect.gen(function* () {
        const address = yield* freshUnix
        const before = yield* openResources
        const scope = yield* Scope.make()
        const transport = yield* Scope.extend(server({ address, backlog: 32 }), scope)
        const crowd = yield* Scope.extend(client(), scope)
        const connect = Effect.option(crowd.connect(endpointOf(transport)))
        yield* Effect.replicateEffect(connect, 1000, { concurrency: 50, discard: true })
        const [...events] = yield* transport.receive
        assert.isAtMost(events.length, 32)
        assert.isTrue(events.every((event) => event._tag === "Joined"))
        const seen = yield* Scope.extend(watch(transport), scope)
        const talker = yield* Scope.extend(client(), scope)
        yield* stable(() => seen.joined().length)
        const peer = yield* talker.connect(endpointOf(transport))
        yield* talker.send(peer, packet(3))
        yield* until(() => seen.packets().length === 1)
        yield* Scope.close(scope, Exit.void)
        yield* until(() => Effect.runSync(openResources) <= before)
      }),
    30_000
  )

  it.scopedLive("ST-22 a peer that does not read holds up no other, and its queue is bounded (tcp)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ highWaterMark: 64 * 1024 })
      const seen = yield* watch(transport)
      yield* rawSocket(portOf(transport)).pipe(Effect.map((socket) => socket.pause()))
      yield* until(() => seen.joined().length === 1)
      const good = yield* client()
      const atGood = yield* watch(good)
      yield* good.connect(endpointOf(transport))
      yield* until(() => seen.joined().length === 2)
      const [slow, fast] = seen.joined().map(({ peer }) => peer)
      if (slow === undefined || fast === undefined) return assert.fail("nobody joined")
      const big = packet(64 * 1024)
      let taken = 0
      while (yield* transport.offer(slow, big)) {
        taken++
        yield* turn
        assert.isBelow(taken, 1000)
      }
      yield* transport.send(fast, text.encode("still here"))
      yield* until(() => atGood.packets().length === 1)
      assert.isFalse(yield* transport.offer(slow, packet(1)))
    })
  )
})

import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import type { Peer } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import { expect, problem } from "../check.js"
import { Random } from "../pattern.js"
import {
  connected,
  difference,
  type Entry,
  numberOf,
  packetOf,
  type Seen,
  type Setting,
  until,
  watch
} from "./setting.js"

/** Laws 1 and 2 of connections: packets, and the life of peers. */
export const streams = (setting: Setting): ReadonlyArray<Entry> => {
  const count = 300

  const sizesUpTo = (limit: number): ReadonlyArray<number> => {
    const random = new Random(setting.seed)
    const sizes = Array.from({ length: count }, () => random.size(Math.min(limit, 20_000)))
    return [...sizes, Math.min(limit, 70_000), Math.min(limit, 300_000)]
  }

  const sendAll = (transport: PeerTransportService, peer: Peer, sizes: ReadonlyArray<number>) =>
    Effect.forEach(sizes, (size, number) => transport.send(peer, packetOf(setting, number, size)), { discard: true })

  const expectAll = (seen: Seen, peer: Peer, sizes: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      yield* until(() => seen.packets(peer).length >= sizes.length)
      for (const [number, packet] of seen.packets(peer).entries()) {
        const wrong = difference(setting, packet, number, sizes[number] ?? -1)
        if (wrong !== undefined) yield* problem(wrong)
      }
    })

  const bothWays = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const atServer = yield* watch(server.transport)
    const atClient = yield* watch(client.transport)
    yield* until(() => atServer.joined().length === 1)
    const [other] = atServer.joined()
    if (other === undefined) return
    const toServer = sizesUpTo(client.transport.maxPacketBytes)
    const toClient = sizesUpTo(server.transport.maxPacketBytes)
    const send = Effect.all([sendAll(client.transport, peer, toServer), sendAll(server.transport, other, toClient)], {
      concurrency: "unbounded"
    })
    yield* Effect.all([send, expectAll(atServer, other, toServer), expectAll(atClient, peer, toClient)], {
      concurrency: "unbounded"
    })
  })

  const toSeveral = Effect.gen(function* () {
    const { server, endpoint } = yield* connected(setting)
    const second = yield* setting.client
    yield* second.connect(endpoint)
    const atServer = yield* watch(server.transport)
    const atSecond = yield* watch(second)
    yield* until(() => atServer.joined().length === 2)
    const packet = packetOf(setting, 7, 1000)
    yield* Effect.forEach(atServer.joined(), (peer) => server.transport.offer(peer, packet))
    yield* until(() => atSecond.packets().length === 1)
    const wrong = difference(setting, atSecond.packets()[0] ?? packet, 7, 1000) ?? difference(setting, packet, 7, 1000)
    if (wrong !== undefined) yield* problem(wrong)
  })

  const life = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const atServer = yield* watch(server.transport)
    const atClient = yield* watch(client.transport)
    yield* sendAll(
      client.transport,
      peer,
      Array.from({ length: 20 }, () => 50)
    )
    yield* until(() => atClient.joined().length === 1)
    yield* client.transport.close(peer)
    yield* until(() => atServer.left().length === 1 && atClient.left().length === 1)
    const [joined, ...rest] = atServer.events
    yield* expect(joined?._tag === "Joined" && !joined.isOurs, "the first event was not Joined by the other side")
    yield* expect(atServer.packets().length === 20, () => `${atServer.packets().length} of 20 packets came before Left`)
    yield* expect(rest.at(-1)?._tag === "Left", "something came after Left")
    yield* expect(atServer.left()[0]?.cause === undefined, "a peer that closed in good order left with a cause")
    yield* expect(new Set(atServer.events.map((event) => event.peer.id)).size === 1, "the peer's id changed")
    const ours = atClient.events[0]
    yield* expect(
      ours?._tag === "Joined" && ours.isOurs && ours.peer.id === peer.id,
      "connect has no Joined of its own"
    )
  })

  const comesBack = Effect.gen(function* () {
    const { client, endpoint, peer, server } = yield* connected(setting)
    const atServer = yield* watch(server.transport)
    yield* until(() => atServer.joined().length === 1)
    yield* client.transport.close(peer)
    const again = yield* client.transport.connect(endpoint)
    yield* until(() => atServer.joined().length === 2)
    const [first, second] = atServer.joined()
    yield* expect(first?.id !== second?.id && again.id !== peer.id, "a peer that came back has the id of the first")
  })

  return [
    [1, "packets both ways at once arrive whole, in order, with their sender", bothWays],
    [1, "the same bytes can be given to several peers, and stay as they are", toSeveral],
    [2, "a peer joins, sends, and leaves after all that it sent", life],
    [2, "a peer that comes back is another peer", comesBack],
    ...(setting.cannot("empty") ? [] : [emptyPacket(setting)])
  ]
}

const emptyPacket = (setting: Setting): Entry => [
  1,
  "an empty packet is a packet",
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const seen = yield* watch(server.transport)
    yield* client.transport.send(peer, new Uint8Array(0))
    yield* client.transport.send(peer, packetOf(setting, 1, 10))
    yield* until(() => seen.packets().length === 2)
    yield* expect(seen.packets()[0]?.length === 0, "the first packet was not empty")
  })
]

/** Laws 1 and 2 of datagrams: one after the other they arrive on one machine. */
export const datagrams = (setting: Setting): ReadonlyArray<Entry> => {
  const thereAndBack = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const atServer = yield* watch(server.transport)
    const atClient = yield* watch(client.transport)
    const sizes = [1, 10, 512, 1200, 8000].filter((size) => size <= client.transport.maxPacketBytes)
    for (const [number, size] of sizes.entries()) {
      yield* client.transport.send(peer, packetOf(setting, number, size))
      yield* until(() => atServer.packets().length === number + 1)
      const sender = atServer.senders()[number]
      const packet = atServer.packets()[number]
      if (sender === undefined || packet === undefined) return
      yield* server.transport.send(sender, packet)
      yield* until(() => atClient.packets().length === number + 1)
      const wrong = difference(setting, atClient.packets()[number] ?? packet, number, size)
      if (wrong !== undefined) yield* problem(wrong)
    }
    yield* expect(new Set(atServer.senders().map(({ id }) => id)).size === 1, "one source had several ids")
    yield* expect(
      atServer.senders().every(({ endpoint, id }) => id === endpoint),
      "a source's id is not its endpoint"
    )
    yield* expect(atServer.joined().length + atServer.left().length === 0, "a datagram source joined or left")
  })

  const sourcesDiffer = Effect.gen(function* () {
    const { client, endpoint, peer, server } = yield* connected(setting)
    const second = yield* setting.client
    const seen = yield* watch(server.transport)
    yield* client.transport.send(peer, packetOf(setting, 1, 20))
    yield* until(() => seen.packets().length === 1)
    yield* second.send(yield* second.connect(endpoint), packetOf(setting, 2, 20))
    yield* until(() => seen.packets().length === 2)
    yield* expect(seen.senders()[0]?.id !== seen.senders()[1]?.id, "two sources have one id")
    yield* expect(seen.packets().map(numberOf).join() === "1,2", "the packets are not those that were sent")
  })

  return [
    [1, "packets arrive whole, with an id that is their source's endpoint, and can be answered", thereAndBack],
    [2, "sources are told apart, and neither join nor leave", sourcesDiffer],
    ...(setting.cannot("empty") ? [] : [emptyPacket(setting)])
  ]
}

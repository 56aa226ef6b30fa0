import { Peer } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { eventually, expect, expectFailure, problem, stable } from "../check.js"
import { connected, difference, type Entry, packetOf, type Setting, until, watch } from "./setting.js"
import { taking, takingName } from "./taking.js"

/** Laws 5 and 6 of all: errors, turns, closing. */
export const ending = (setting: Setting): ReadonlyArray<Entry> => {
  const busy = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const first = yield* Effect.fork(server.transport.receive)
    yield* Effect.yieldNow()
    if (first.unsafePoll() === null) {
      yield* expectFailure("a second concurrent receive", server.transport.receive, "DuctBusy")
    }
    yield* client.transport.send(peer, packetOf(setting, 1, 10))
    yield* Fiber.join(first)
  })

  const takes = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    yield* taking({
      ...server,
      bring: (number) => client.transport.send(peer, packetOf(setting, number, 100)),
      wrong: (packet, number) => difference(setting, packet, number, 100)
    })
  })

  const tooLarge = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const { maxPacketBytes } = client.transport
    if (maxPacketBytes > 64 * 1024 * 1024) return
    const seen = yield* watch(server.transport)
    const packet = new Uint8Array(maxPacketBytes + 1).fill(65)
    yield* expectFailure("send of a packet that is too large", client.transport.send(peer, packet), "MessageTooLarge")
    yield* expectFailure("offer of a packet that is too large", client.transport.offer(peer, packet), "MessageTooLarge")
    yield* client.transport.send(peer, packetOf(setting, 1, 10))
    yield* until(() => seen.packets().length === 1)
  })

  const noEndpoint = Effect.gen(function* () {
    const client = yield* setting.client
    for (const text of ["", "nonsense", "gopher://127.0.0.1:70"]) {
      yield* expectFailure(`connect to "${text}"`, client.connect(text), "InvalidAddress", "Unsupported")
    }
  })

  const leavingScope = Effect.gen(function* () {
    const { client, peer } = yield* connected(setting)
    yield* watch(client.transport)
    yield* client.transport.send(peer, packetOf(setting, 1, 10))
    yield* client.leave
    yield* client.leave
    yield* expectFailure("receive after the scope was left", client.transport.receive, "DuctClosed")
    yield* expectFailure(
      "send after the scope was left",
      client.transport.send(peer, packetOf(setting, 2, 10)),
      "DuctClosed",
      "UnknownPeer",
      "PeerLost"
    )
  })

  const wakes = Effect.gen(function* () {
    const { client } = yield* connected(setting)
    const waiting = yield* Effect.fork(Effect.flip(Effect.forever(client.transport.receive)))
    yield* Effect.yieldNow()
    yield* client.leave
    const { _tag } = yield* Fiber.join(waiting)
    yield* expect(_tag === "DuctClosed", `a waiting receive ended with ${_tag}, expected DuctClosed`)
  })

  return [
    [4, "a second concurrent receive fails DuctBusy", busy],
    [4, takingName, takes],
    [5, "a packet over maxPacketBytes is refused, and the peer stays", tooLarge],
    [5, "what is no endpoint fails with InvalidAddress", noEndpoint],
    [6, "leaving the scope ends everything with typed errors, and again is fine", leavingScope],
    [6, "leaving the scope wakes a waiting receive with DuctClosed", wakes]
  ]
}

/** Laws 5 and 6 of connections. */
export const endingStreams = (setting: Setting): ReadonlyArray<Entry> => {
  const unknownPeer = Effect.gen(function* () {
    const { client, endpoint } = yield* connected(setting)
    const nobody = Peer(`${endpoint}#none`)
    const packet = packetOf(setting, 1, 10)
    yield* expectFailure("send to a peer that never was", client.transport.send(nobody, packet), "UnknownPeer")
    yield* expectFailure("offer to a peer that never was", client.transport.offer(nobody, packet), "UnknownPeer")
    yield* client.transport.close(nobody)
    client.transport.pause(nobody, true)
  })

  const nobodyThere = (endpoint: string) =>
    Effect.flatMap(setting.client, (client) =>
      expectFailure("connect where nobody listens", client.connect(endpoint), "ConnectFailed")
    )

  const closes = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const atServer = yield* watch(server.transport)
    const atClient = yield* watch(client.transport)
    yield* until(() => atServer.joined().length === 1)
    const [other] = atServer.joined()
    if (other === undefined) return
    yield* server.transport.close(other)
    yield* server.transport.close(other)
    yield* until(() => atClient.left().length === 1 && atServer.left().length === 1)
    const packet = packetOf(setting, 1, 10)
    yield* expectFailure(
      "send to a peer that was closed",
      server.transport.send(other, packet),
      "UnknownPeer",
      "PeerLost"
    )
    yield* expectFailure("send to a peer that has left", client.transport.send(peer, packet), "UnknownPeer", "PeerLost")
  })

  const wakesSenders = Effect.gen(function* () {
    const { client, peer } = yield* connected(setting)
    let sent = 0
    const more = Effect.suspend(() => client.transport.send(peer, packetOf(setting, sent++, 4000)))
    const flood = yield* Effect.fork(Effect.flip(Effect.forever(more)))
    yield* stable(() => sent)
    yield* client.transport.close(peer)
    const { _tag } = yield* Fiber.join(flood)
    yield* expect(
      _tag === "PeerLost" || _tag === "UnknownPeer",
      `a waiting send ended with ${_tag} when the peer was closed`
    )
  })

  const othersAreTold = Effect.gen(function* () {
    const { client, server } = yield* connected(setting)
    const seen = yield* watch(server.transport)
    yield* until(() => seen.joined().length === 1)
    yield* client.leave
    yield* until(() => seen.left().length === 1)
  })

  return [
    [5, "an unknown peer is UnknownPeer to send to, and nothing to close", unknownPeer],
    ...(setting.nobody === undefined
      ? []
      : ([[5, "connecting where nobody listens fails with ConnectFailed", nobodyThere(setting.nobody)]] as const)),
    [6, "close is seen by both sides, and ends what is sent", closes],
    [6, "close wakes a waiting send", wakesSenders],
    [6, "leaving the scope is a Left to all others", othersAreTold]
  ]
}

/** What {@link leftovers} does again and again. */
export const oneConnection = (setting: Setting) =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const seen = yield* watch(server.transport)
    yield* client.transport.send(peer, packetOf(setting, 1, 10))
    yield* until(() => seen.packets().length === 1)
  })

/** Law 7: what the probe counts returns to where it was. */
export const leftovers = (one: Effect.Effect<void, unknown, Scope.Scope>, probe: Effect.Effect<number>): Entry => {
  const cycle = Effect.scoped(one)
  return [
    7,
    "nothing stays open",
    Effect.gen(function* () {
      for (let i = 0; i < 3; i++) yield* cycle
      const before = yield* probe
      for (let i = 0; i < 10; i++) yield* cycle
      yield* eventually(Effect.map(probe, (after) => after <= before)).pipe(
        Effect.timeoutFail({ duration: "3 seconds", onTimeout: () => "late" }),
        Effect.catchAll(() => Effect.flatMap(probe, (after) => problem(`${after} are open, ${before} were before`)))
      )
    })
  ]
}

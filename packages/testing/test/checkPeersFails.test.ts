import { Conformance } from "@ductworks/testing"
import { checkPeers } from "@ductworks/testing/checkPeers"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { Peer, type PeerTransportService, type TransportEvent } from "@ductworks/peers/PeerTransport"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, Exit } from "effect"
import { asker } from "./support/asker.js"

type Break = (transport: PeerTransportService) => Partial<PeerTransportService>

/** The transport with every batch of events changed; what becomes empty is waited for again. */
const events =
  (change: (batch: ReadonlyArray<TransportEvent>) => ReadonlyArray<TransportEvent>): Break =>
  ({ receive }) => {
    const changed: PeerTransportService["receive"] = Effect.flatMap(receive, (batch) => {
      const rest = change(batch)
      return Arr.isNonEmptyReadonlyArray(rest) ? Effect.succeed(rest) : changed
    })
    return { receive: changed }
  }

const anonymous = (event: TransportEvent): TransportEvent =>
  event._tag === "Left" ? event : { ...event, peer: Peer("everybody") }

const taking = "take and onArrival, where there are, give what receive does"

/** Looks before it wakes, and keeps what it saw for the next take. */
const deafToTheEnd: Break = ({ onArrival, take }) => {
  let seen: ReturnType<NonNullable<typeof take>>
  return {
    take: () => {
      const taken = seen ?? take?.()
      seen = undefined
      return taken
    },
    onArrival: (wake) =>
      onArrival?.(() => {
        seen = take?.()
        if (!Exit.isExit(seen)) wake()
      })
  }
}

const breaks: ReadonlyArray<readonly [fault: string, change: Break, law: number, check: string]> = [
  [
    "reorders packets",
    events((batch) => [
      ...batch.filter(({ _tag }) => _tag === "Joined"),
      ...batch.filter(({ _tag }) => _tag === "Packet").reverse(),
      ...batch.filter(({ _tag }) => _tag === "Left")
    ]),
    1,
    "packets both ways at once arrive whole, in order, with their sender"
  ],
  [
    "forgets who left",
    events((batch) => batch.filter(({ _tag }) => _tag !== "Left")),
    2,
    "a peer joins, sends, and leaves after all that it sent"
  ],
  ["gives all peers one id", events((batch) => batch.map(anonymous)), 2, "a peer that comes back is another peer"],
  [
    "drops empty packets",
    events((batch) => batch.filter((event) => event._tag !== "Packet" || event.packet.length > 0)),
    1,
    "an empty packet is a packet"
  ],
  [
    "writes into what it sends",
    ({ offer }) => ({
      offer: (peer, packet) => Effect.tap(offer(peer, packet), () => Effect.sync(() => packet.fill(0)))
    }),
    1,
    "the same bytes can be given to several peers, and stay as they are"
  ],
  [
    "takes what it has no room for",
    ({ offer }) => ({ offer: (peer, packet) => Effect.as(offer(peer, packet), true) }),
    3,
    "a peer that does not receive stalls its sender, with bounded memory, and both go on"
  ],
  ["does not pause", () => ({ pause: () => {} }), 3, "a paused peer alone is not received from, and loses nothing"],
  [
    "loses events to interruption",
    ({ receive }) => ({ receive: Effect.flatMap(receive, (batch) => Effect.as(Effect.yieldNow(), batch)) }),
    4,
    "an interrupted receive loses no event"
  ],
  ["wakes nobody who would take", () => ({ onArrival: () => {} }), 4, taking],
  [
    "wakes twice who would take",
    ({ onArrival }) => ({
      onArrival: (wake) =>
        onArrival?.(() => {
          wake()
          wake()
        })
    }),
    4,
    taking
  ],
  ["does not wake at its end who would take", deafToTheEnd, 4, taking],
  [
    "gives other packets to who takes",
    ({ take }) => ({
      take: () => {
        const taken = take?.()
        if (taken === undefined || Exit.isExit(taken)) return taken
        return Arr.map(taken, (event) => (event._tag === "Packet" ? { ...event, packet: new Uint8Array(1) } : event))
      }
    }),
    4,
    taking
  ],
  [
    "takes packets for nobody",
    ({ offer }) => ({ offer: (peer, packet) => Effect.orElseSucceed(offer(peer, packet), () => true) }),
    5,
    "an unknown peer is UnknownPeer to send to, and nothing to close"
  ],
  [
    "takes packets of any size",
    ({ send }) => ({ send: (peer, packet) => Effect.ignore(send(peer, packet)) }),
    5,
    "a packet over maxPacketBytes is refused, and the peer stays"
  ],
  ["does not close", () => ({ close: () => Exit.void }), 6, "close is seen by both sides, and ends what is sent"]
]

describe("checkPeers catches a transport that", () => {
  for (const [fault, change, law, name] of breaks) {
    it.live(`${fault}: ${name}`, () =>
      Effect.gen(function* () {
        const network = MemoryPeers.network()
        const server = Effect.map(MemoryPeers.make(network), (transport) => ({ ...transport, ...change(transport) }))
        const checks = checkPeers({ kind: "stream", server, deadline: "1 second" })
        const check = checks.find((one) => one.name === name)
        assert.isDefined(check)
        const violation = yield* Effect.flip(check.run)
        assert.instanceOf(violation, Conformance.Violation)
        assert.strictEqual(violation.law, law)
      })
    )
  }

  const exchangeBreaks: ReadonlyArray<readonly [fault: string, change: Break, law: number, check: string]> = [
    [
      "answers something else",
      ({ send }) => ({ send: (peer) => send(peer, new Uint8Array(1)) }),
      1,
      "a packet and its answer arrive whole, each with its own peer"
    ],
    [
      "forgets who gave up",
      events((batch) => batch.filter(({ _tag }) => _tag !== "Left")),
      2,
      "a peer that gives up leaves, and cannot be answered"
    ],
    [
      "gives all askers one id",
      events((batch) => batch.map(anonymous)),
      2,
      "a peer joins, sends, and leaves when it is answered; the next one is another"
    ],
    [
      "loses those who wait",
      ({ receive }) => ({ receive: Effect.zipRight(receive, receive) }),
      3,
      "while nobody receives, peers wait or are refused; who waited is answered"
    ],
    ["wakes nobody who would take", () => ({ onArrival: () => {} }), 4, taking],
    ["does not close who asked", () => ({ close: () => Exit.void }), 6, "close is seen by both sides"]
  ]

  for (const [fault, change, law, name] of exchangeBreaks) {
    it.live(`${fault} in an exchange: ${name}`, () =>
      Effect.gen(function* () {
        const network = MemoryPeers.network()
        const server = Effect.map(MemoryPeers.make(network), (transport) => ({ ...transport, ...change(transport) }))
        const checks = checkPeers({ kind: "exchange", server, ask: asker(network), deadline: "1 second" })
        const check = checks.find((one) => one.name === name)
        assert.isDefined(check)
        assert.propertyVal(yield* Effect.flip(check.run), "law", law)
      })
    )
  }

  it.live("leaves something behind", () =>
    Effect.gen(function* () {
      let open = 0
      const server = MemoryPeers.make(MemoryPeers.network())
      const checks = checkPeers({ kind: "stream", server, probe: Effect.sync(() => ++open), deadline: "6 seconds" })
      const violation = yield* Effect.flip(Conformance.assertAll(checks.filter(({ law }) => law === 7)))
      assert.include(violation.problem, "are open")
    })
  )
})

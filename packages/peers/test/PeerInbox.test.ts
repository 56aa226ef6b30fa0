import { PeerInbox, PeerTransport } from "@ductworks/peers"
import { LocalSocketFault } from "@ductworks/core/DuctError"
import { Interruption } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Fiber } from "effect"

const peer = (id: string) => PeerTransport.Peer(id)
const a = peer("a")
const b = peer("b")
const show = (event: PeerTransport.TransportEvent) =>
  event._tag === "Packet" ? `${event.peer.id}${event.packet[0]}` : `${event.peer.id} ${event._tag}`

describe("PeerInbox", () => {
  it.effect("gives everything in order for each peer, and everybody a turn", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox({ maxBatch: 20 })
      inbox.join(a, false)
      for (let i = 0; i < 30; i++) inbox.push(a, Uint8Array.of(i))
      inbox.join(b, true)
      inbox.push(b, Uint8Array.of(0))
      const first = (yield* inbox.receive).map(show)
      assert.strictEqual(first.length, 20)
      assert.includeMembers(first, ["a Joined", "b Joined", "b0"])
      const rest = (yield* inbox.receive).map(show)
      assert.deepStrictEqual(
        [...first, ...rest].filter((event) => event.startsWith("a") && event !== "a Joined"),
        Array.from({ length: 30 }, (_, i) => `a${i}`)
      )
    })
  )

  it("a limit below 1 counts as 1, and NaN as the default", () => {
    for (const [size, room] of [
      [0, 1],
      [-1, 1],
      [0.5, 1],
      [NaN, 64]
    ] as const) {
      const packets = new PeerInbox.PeerInbox({ maxPackets: size, maxBatch: size })
      const taken = Array.from({ length: 100 }, () => packets.datagram(a, new Uint8Array(1))).filter(Boolean)
      assert.strictEqual(taken.length, room)
      const batch = packets.take() ?? []
      assert.strictEqual(Exit.isExit(batch) ? undefined : batch.length, room)
      const bytes = new PeerInbox.PeerInbox({ maxBytes: size })
      assert.isTrue(bytes.datagram(a, new Uint8Array(10)), "a single packet may be bigger")
      assert.strictEqual(bytes.datagram(a, new Uint8Array(10)), room > 1)
    }
  })

  it("who takes without a fiber is woken once for each wait, and told of the end", () => {
    const inbox = new PeerInbox.PeerInbox()
    let wakes = 0
    const wait = () => inbox.onArrival(() => wakes++)
    assert.isUndefined(inbox.take())
    wait()
    inbox.datagram(a, Uint8Array.of(1))
    inbox.datagram(b, Uint8Array.of(2))
    assert.strictEqual(wakes, 1)
    const taken = inbox.take() ?? []
    assert.deepStrictEqual(Exit.isExit(taken) ? [] : taken.map(show), ["a1", "b2"])
    assert.isUndefined(inbox.take())
    inbox.datagram(a, Uint8Array.of(3))
    wait()
    assert.strictEqual(wakes, 2, "there is something already")
    inbox.end()
    wait()
    assert.strictEqual(wakes, 3)
    assert.isTrue(Exit.isExit(inbox.take()))
  })

  it.effect("completes room of a peer that has left already, paused for good and full", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox({ maxPackets: 1 })
      inbox.join(a, false)
      inbox.pause(a, true)
      assert.isFalse(inbox.push(a, Uint8Array.of(1)))
      inbox.leave(a)
      const waiting = yield* Effect.fork(inbox.room(a))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(waiting.unsafePoll(), Exit.void)
    })
  )

  it.effect("says when a peer has no room, and completes room when it has again, or is gone", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox({ maxPackets: 3, maxBytes: 100 })
      inbox.join(a, false)
      assert.strictEqual((yield* inbox.receive).length, 1)
      const pushes = Array.from({ length: 3 }, () => inbox.push(a, new Uint8Array(1)))
      assert.deepStrictEqual(pushes, [true, true, false])
      const waiting = yield* Effect.fork(inbox.room(a))
      yield* Effect.yieldNow()
      assert.isNull(waiting.unsafePoll())
      yield* inbox.receive
      yield* Fiber.join(waiting)
      assert.isFalse(inbox.push(a, new Uint8Array(100)))
      const gone = yield* Effect.fork(inbox.room(a))
      yield* Effect.yieldNow()
      inbox.leave(a)
      yield* Fiber.join(gone)
      yield* inbox.room(b)
    })
  )

  it.effect("drops datagrams over its limit, and says so", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox({ maxPackets: 3 })
      const taken = Array.from({ length: 5 }, (_, i) => inbox.datagram(peer(`${i}`), new Uint8Array(1)))
      assert.deepStrictEqual(taken, [true, true, true, false, false])
      assert.strictEqual((yield* inbox.receive).length, 3)
      assert.isTrue(inbox.datagram(a, new Uint8Array(1)))
    })
  )

  it.effect("gives nothing of a paused peer, its Left included, until it goes on", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox()
      for (const one of [a, b]) inbox.join(one, false)
      yield* inbox.receive
      inbox.pause(a, true)
      inbox.push(a, Uint8Array.of(1))
      inbox.leave(a)
      const waiting = yield* Effect.fork(inbox.receive)
      yield* Effect.yieldNow()
      assert.isNull(waiting.unsafePoll())
      inbox.push(b, Uint8Array.of(2))
      assert.deepStrictEqual((yield* Fiber.join(waiting)).map(show), ["b2"])
      inbox.pause(a, false)
      assert.deepStrictEqual((yield* inbox.receive).map(show), ["a1", "a Left"])
      assert.strictEqual(inbox.size, 1)
    })
  )

  it.effect("drop forgets what waits; of a peer that nobody was told of, everything", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox()
      inbox.join(a, false)
      yield* inbox.receive
      inbox.push(a, Uint8Array.of(1))
      inbox.join(b, false)
      assert.strictEqual(inbox.unseenJoins, 1)
      inbox.drop(b)
      inbox.drop(a)
      assert.deepStrictEqual((yield* inbox.receive).map(show), ["a Left"])
      assert.deepStrictEqual([inbox.size, inbox.unseenJoins], [0, 0])
    })
  )

  it.effect("a peer leaves once, whoever says it how often, and sends nothing afterwards", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox()
      inbox.join(a, false)
      inbox.join(b, false)
      yield* inbox.receive
      inbox.leave(a)
      inbox.leave(a, new LocalSocketFault({ operation: "receive" }))
      assert.isFalse(inbox.push(a, Uint8Array.of(1)))
      inbox.push(b, Uint8Array.of(1))
      inbox.leave(b)
      inbox.drop(b)
      inbox.leave(b)
      assert.deepStrictEqual((yield* inbox.receive).map(show), ["a Left", "b Left"])
      inbox.leave(a)
      assert.strictEqual(inbox.size, 0)
    })
  )

  it.effect("ends with its error for ever, and wakes who waits", () =>
    Effect.gen(function* () {
      const inbox = new PeerInbox.PeerInbox()
      inbox.join(a, false)
      yield* inbox.receive
      const waiting = yield* Effect.fork(Effect.flip(inbox.receive))
      yield* Effect.yieldNow()
      inbox.end(new LocalSocketFault({ operation: "receive" }))
      inbox.end()
      inbox.push(a, Uint8Array.of(1))
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "LocalSocketFault")
      assert.strictEqual((yield* Effect.flip(inbox.receive))._tag, "LocalSocketFault")
    })
  )

  it.effect("interrupted at any point, a receive loses no event", () =>
    Effect.asVoid(
      Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const inbox = new PeerInbox.PeerInbox()
          const got: Array<string> = []
          const receive = Effect.flatMap(inbox.receive, (events) => {
            got.push(...events.map(show))
            return Exit.void
          })
          yield* Effect.fork(
            Effect.zipRight(
              Effect.yieldNow(),
              Effect.sync(() => inbox.join(a, false))
            )
          )
          yield* interrupted(receive)
          if (got.length === 0) yield* receive
          inbox.push(a, Uint8Array.of(1))
          yield* receive
          assert.deepStrictEqual(got, ["a Joined", "a1"])
        })
      )
    )
  )

  it.effect.prop(
    "whatever happens in whatever order, each peer's events come in order and none is lost",
    [
      FastCheck.array(FastCheck.tuple(FastCheck.nat(4), FastCheck.nat(3)), { maxLength: 200 }),
      FastCheck.integer({ min: 1, max: 20 })
    ],
    ([steps, maxBatch]) =>
      Effect.gen(function* () {
        const inbox = new PeerInbox.PeerInbox({ maxBatch })
        const peers = Array.from({ length: 4 }, (_, i) => peer(`p${i}`))
        const sent = new Map(peers.map(({ id }) => [id, 0]))
        const got = new Map<string, Array<string>>()
        const take = Effect.gen(function* () {
          for (const event of yield* inbox.receive) {
            const events = got.get(event.peer.id) ?? []
            got.set(event.peer.id, events)
            events.push(event._tag === "Packet" ? `${event.packet[0]}` : event._tag)
          }
        })
        for (const one of peers) inbox.join(one, false)
        for (const [what, which] of steps) {
          const one = peers[which] ?? a
          if (what === 0) inbox.pause(one, true)
          else if (what === 1) inbox.pause(one, false)
          else if (what === 2) yield* Effect.timeoutOption(take, 0)
          else {
            const number = sent.get(one.id) ?? 0
            sent.set(one.id, number + 1)
            inbox.push(one, Uint8Array.of(number))
          }
        }
        for (const one of peers) {
          inbox.pause(one, false)
          inbox.leave(one)
        }
        while (inbox.size > 0) yield* take
        for (const one of peers) {
          const packets = Array.from({ length: sent.get(one.id) ?? 0 }, (_, n) => `${n % 256}`)
          assert.deepStrictEqual(got.get(one.id), ["Joined", ...packets, "Left"])
        }
      })
  )
})

describe("PeerBudget", () => {
  it("takes up to its limit, and what was given back again", () => {
    const budget = new PeerInbox.PeerBudget(100)
    assert.deepStrictEqual([budget.take(60), budget.take(50), budget.take(40), budget.held], [true, false, true, 100])
    budget.give(60)
    assert.isTrue(budget.take(60))
  })
})

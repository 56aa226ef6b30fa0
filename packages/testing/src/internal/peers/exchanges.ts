import { Peer, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, expectFailure, interruptAtRandom, problem, stable } from "../check.js"
import { Random } from "../pattern.js"
import { difference, type Entry, opened, packetOf, receiveInto, Seen, type Setting, until, watch } from "./setting.js"
import { taking, takingName } from "./taking.js"

/** How the other end of an exchange is played, and what its packets look like; see `checkPeers`. */
export interface Exchange {
  readonly ask: (endpoint: string, body: Uint8Array) => Effect.Effect<Uint8Array, unknown>
  readonly asked: (packet: Uint8Array) => Uint8Array
  readonly answer: (body: Uint8Array) => Uint8Array
}

/** A server, and how to ask it for the body of that number and size: what comes back must be the same. */
const serving = (setting: Setting, { ask }: Exchange) =>
  Effect.gen(function* () {
    const { leave, transport } = yield* opened(setting.server)
    const [endpoint] = transport.endpoints
    if (endpoint === undefined) return yield* problem("the server has no endpoint")
    const askFor = (number: number, size: number) =>
      Effect.flatMap(ask(endpoint, packetOf(setting, number, size)), (body) => {
        const wrong = difference(setting, body, number, size)
        return wrong === undefined ? Effect.void : problem(`of the answer, ${wrong}`)
      })
    return { transport, leave, ask: (body: Uint8Array) => ask(endpoint, body), askFor }
  })

/** Answers every packet with what was asked, until the scope ends. */
const echo = (transport: PeerTransportService, { answer, asked }: Exchange) =>
  Effect.gen(function* () {
    const seen = new Seen()
    const turn = Effect.flatMap(transport.receive, (events) => {
      seen.note(events)
      return Effect.forEach(events, (event) =>
        event._tag === "Packet" ? Effect.ignore(transport.send(event.peer, answer(asked(event.packet)))) : Effect.void
      )
    })
    yield* Effect.forkScoped(Effect.ignore(Effect.forever(turn)))
    return seen
  })

/** Somebody has asked, and is not answered: who, and what becomes of the asking. */
const waiting = (setting: Setting, exchange: Exchange) =>
  Effect.gen(function* () {
    const server = yield* serving(setting, exchange)
    const seen = yield* watch(server.transport)
    const asking = yield* Effect.forkScoped(server.askFor(1, 100))
    yield* until(() => seen.packets().length === 1)
    return { ...server, seen, asking, peer: seen.senders()[0] ?? Peer("nobody") }
  })

/** Laws 1 to 3 of exchanges: each peer sends one packet, is sent one, and leaves. */
export const exchanges = (setting: Setting, exchange: Exchange): ReadonlyArray<Entry> => {
  const whole = Effect.gen(function* () {
    const { askFor, transport } = yield* serving(setting, exchange)
    yield* echo(transport, exchange)
    const random = new Random(setting.seed)
    const limit = Math.floor(transport.maxPacketBytes / 4)
    const sizes = [...Array.from({ length: 60 }, () => random.size(Math.min(limit, 20_000))), Math.min(limit, 200_000)]
    yield* Effect.forEach([...sizes.entries()], ([number, size]) => askFor(number, size), {
      concurrency: 8,
      discard: true
    })
  })

  const life = Effect.gen(function* () {
    const { askFor, transport } = yield* serving(setting, exchange)
    const seen = yield* echo(transport, exchange)
    yield* askFor(1, 50)
    yield* askFor(2, 50)
    yield* until(() => seen.left().length === 2)
    const [first, second] = seen.joined()
    yield* expect(first?.id !== second?.id, "two exchanges were of one peer")
    for (const peer of seen.joined()) {
      const events = seen.events.filter((event) => event.peer.id === peer.id)
      const tags = events.map(({ _tag }) => _tag).join(", ")
      yield* expect(tags === "Joined, Packet, Left", `a peer's events were ${tags}`)
    }
    yield* expect(
      seen.events.every((event) => event._tag !== "Joined" || !event.isOurs),
      "who asked us joined as ours"
    )
    yield* expect(
      seen.left().every(({ cause }) => cause === undefined),
      "a peer that was answered left with a cause"
    )
  })

  const givesUp = Effect.gen(function* () {
    const { asking, peer, seen, transport } = yield* waiting(setting, exchange)
    yield* Fiber.interrupt(asking)
    yield* until(() => seen.left().length === 1)
    const answer = exchange.answer(packetOf(setting, 1, 10))
    yield* expectFailure("an answer to who gave up", transport.send(peer, answer), "UnknownPeer", "PeerLost")
  })

  const stalls = Effect.gen(function* () {
    const { askFor, transport } = yield* serving(setting, exchange)
    const count = 300
    let over = 0
    const asking = yield* Effect.forEach(Array.from({ length: count }).keys(), (number) =>
      Effect.forkScoped(
        Effect.ensuring(
          Effect.exit(askFor(number, 4000)),
          Effect.sync(() => over++)
        )
      )
    )
    yield* stable(() => over)
    const refused = over
    yield* expect(refused < count, "all were refused while nobody received")
    const seen = yield* echo(transport, exchange)
    const exits = yield* Effect.forEach(asking, Fiber.join)
    const answered = exits.filter(({ _tag }) => _tag === "Success").length
    yield* expect(answered === count - refused, () => `${answered} of ${count - refused} that waited were answered`)
    yield* expect(seen.packets().length === answered, () => `${seen.packets().length} packets of ${answered} came`)
  })

  return [
    [1, "a packet and its answer arrive whole, each with its own peer", whole],
    [2, "a peer joins, sends, and leaves when it is answered; the next one is another", life],
    [2, "a peer that gives up leaves, and cannot be answered", givesUp],
    [3, "while nobody receives, peers wait or are refused; who waited is answered", stalls]
  ]
}

/** Laws 4 to 6 of exchanges. */
export const endingExchanges = (setting: Setting, exchange: Exchange): ReadonlyArray<Entry> => {
  const busy = Effect.gen(function* () {
    const { ask, transport } = yield* serving(setting, exchange)
    const first = yield* Effect.fork(transport.receive)
    yield* Effect.yieldNow()
    yield* expectFailure("a second concurrent receive", transport.receive, "DuctBusy")
    yield* Effect.forkScoped(Effect.ignore(ask(packetOf(setting, 1, 10))))
    yield* Fiber.join(first)
  })

  const interrupted = Effect.gen(function* () {
    const { askFor, transport } = yield* serving(setting, exchange)
    const random = new Random(setting.seed)
    const seen = new Seen()
    const total = 40
    const receive = receiveInto(transport, seen)
    for (let number = 0; number < total; number++) {
      const asking = yield* Effect.fork(askFor(number, 100))
      while (seen.packets().length === number) yield* interruptAtRandom(receive, random)
      const packet = seen.packets()[number]
      const peer = seen.senders()[number]
      if (packet === undefined || peer === undefined) return yield* problem("a packet came twice")
      yield* transport.send(peer, exchange.answer(exchange.asked(packet)))
      yield* Fiber.join(asking)
    }
    yield* expect(seen.joined().length === total, () => `${seen.joined().length} of ${total} joined`)
  })

  const takes = Effect.gen(function* () {
    const server = yield* serving(setting, exchange)
    yield* taking({
      ...server,
      bring: (number) => Effect.forkScoped(Effect.ignore(server.askFor(number, 100))),
      wrong: (packet, number) => difference(setting, exchange.asked(packet), number, 100)
    })
  })

  const tooLarge = Effect.gen(function* () {
    const { ask, asking, peer, transport } = yield* waiting(setting, exchange)
    const big = new Uint8Array(transport.maxPacketBytes + 1).fill(65)
    yield* expect((yield* Effect.exit(ask(big)))._tag === "Failure", "a packet that is too large was answered")
    yield* expectFailure("an answer that is too large", transport.send(peer, big), "MessageTooLarge")
    yield* expectFailure("an offer that is too large", transport.offer(peer, big), "MessageTooLarge")
    yield* transport.send(peer, exchange.answer(packetOf(setting, 1, 100)))
    yield* Fiber.join(asking)
  })

  const unknownPeer = Effect.gen(function* () {
    const { asking, peer, transport } = yield* waiting(setting, exchange)
    const answer = exchange.answer(packetOf(setting, 1, 100))
    yield* transport.send(peer, answer)
    yield* Fiber.join(asking)
    const nobody = Peer("nobody")
    yield* expectFailure("send to a peer that never was", transport.send(nobody, answer), "UnknownPeer")
    yield* expectFailure("offer to a peer that never was", transport.offer(nobody, answer), "UnknownPeer")
    yield* transport.close(nobody)
    for (const text of ["", "nonsense", "gopher://127.0.0.1:70"]) {
      yield* expectFailure(`connect to "${text}"`, transport.connect(text), "InvalidAddress", "Unsupported")
    }
  })

  const closes = Effect.gen(function* () {
    const { asking, peer, seen, transport } = yield* waiting(setting, exchange)
    yield* transport.close(peer)
    yield* transport.close(peer)
    yield* expect((yield* Fiber.await(asking))._tag === "Failure", "who was closed got an answer")
    yield* until(() => seen.left().length === 1)
    const answer = exchange.answer(packetOf(setting, 1, 100))
    yield* expectFailure("send to a peer that was closed", transport.send(peer, answer), "UnknownPeer", "PeerLost")
  })

  const leavingScope = Effect.gen(function* () {
    const { asking, leave, peer, transport } = yield* waiting(setting, exchange)
    yield* leave
    yield* leave
    yield* expect((yield* Fiber.await(asking))._tag === "Failure", "who waited when the scope was left got an answer")
    yield* expectFailure("receive after the scope was left", transport.receive, "DuctClosed")
    const answer = exchange.answer(packetOf(setting, 1, 100))
    yield* expectFailure(
      "send after the scope was left",
      transport.send(peer, answer),
      "DuctClosed",
      "UnknownPeer",
      "PeerLost"
    )
  })

  const wakes = Effect.gen(function* () {
    const { leave, transport } = yield* serving(setting, exchange)
    const receiving = yield* Effect.fork(Effect.flip(transport.receive))
    yield* Effect.yieldNow()
    yield* leave
    const { _tag } = yield* Fiber.join(receiving)
    yield* expect(_tag === "DuctClosed", `a waiting receive ended with ${_tag}, expected DuctClosed`)
  })

  return [
    [4, "a second concurrent receive fails DuctBusy", busy],
    [4, "an interrupted receive loses no event", interrupted],
    [4, takingName, takes],
    [5, "a packet over maxPacketBytes is refused in both directions, and the peer stays", tooLarge],
    [5, "an unknown peer is UnknownPeer to answer, and nothing to close; what is no endpoint is refused", unknownPeer],
    [6, "close is seen by both sides", closes],
    [6, "leaving the scope ends everything with typed errors, and again is fine", leavingScope],
    [6, "leaving the scope wakes a waiting receive with DuctClosed", wakes]
  ]
}

/** What {@link leftovers} does again and again. */
export const oneExchange = (setting: Setting, exchange: Exchange) =>
  Effect.gen(function* () {
    const { askFor, transport } = yield* serving(setting, exchange)
    yield* echo(transport, exchange)
    yield* askFor(1, 10)
  })

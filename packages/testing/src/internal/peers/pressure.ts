import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, interruptAtRandom, problem, stable } from "../check.js"
import { Random } from "../pattern.js"
import {
  connected,
  type Entry,
  numberOf,
  opened,
  packetOf,
  receiveInto,
  Seen,
  type Setting,
  until,
  watch
} from "./setting.js"

const size = 4000

/** Laws 3 and 4: who is not read holds up its senders and nobody else; interruption loses nothing. */
export const pressure = (setting: Setting): ReadonlyArray<Entry> => {
  /** Sends until nothing more is taken; how many were. */
  const fill = Effect.gen(function* () {
    const ends = yield* connected(setting)
    let sent = 0
    const send = Effect.suspend(() => ends.client.transport.send(ends.peer, packetOf(setting, sent, size)))
    const more = Effect.flatMap(send, () => {
      sent++
      return expect(
        sent * size <= setting.maxAcceptedBytes,
        `more than ${setting.maxAcceptedBytes} bytes were taken for a peer that does not receive`
      )
    })
    const flood = yield* Effect.forkScoped(Effect.forever(more))
    yield* stable(() => sent)
    const exit = flood.unsafePoll()
    if (exit !== null) yield* exit
    return { ...ends, flood, sent: () => sent }
  })

  const stalls = Effect.gen(function* () {
    const { client, flood, peer, sent, server } = yield* fill
    yield* expect(
      !(yield* client.transport.offer(peer, packetOf(setting, 0, size))),
      "offer took a packet without room"
    )
    yield* Fiber.interrupt(flood)
    const total = sent()
    const seen = yield* watch(server.transport)
    yield* until(() => seen.packets().length >= total)
    yield* client.transport.send(peer, packetOf(setting, total, size))
    yield* until(() => seen.packets().length >= total + 1)
    const numbers = seen.packets().map(numberOf)
    yield* expect(
      numbers.every((number, i) => number === i) && numbers.length === total + 1,
      "what arrived after the stall is not what was taken, in order: a waiting send that was interrupted sent something"
    )
  })

  const pauses = Effect.gen(function* () {
    const { client, endpoint, peer, server } = yield* connected(setting)
    const seen = yield* watch(server.transport)
    yield* until(() => seen.joined().length === 1)
    const [slow] = seen.joined()
    if (slow === undefined) return
    server.transport.pause(slow, true)
    yield* client.transport.send(peer, packetOf(setting, 1, 100))
    const second = yield* opened(setting.client)
    const other = yield* second.transport.connect(endpoint)
    for (let i = 0; i < 200; i++) yield* second.transport.send(other, packetOf(setting, i, 100))
    yield* until(() => seen.packets().length >= 200)
    yield* expect(seen.packets(slow).length === 0, "a packet of a paused peer was received")
    yield* client.transport.close(peer)
    yield* second.transport.send(other, packetOf(setting, 200, 100))
    yield* until(() => seen.packets().length >= 201)
    yield* expect(seen.left().length === 0, "a paused peer left before its packets were received")
    server.transport.pause(slow, false)
    yield* until(() => seen.left().length === 1)
    yield* expect(seen.packets(slow).length === 1, "a packet of a peer that was paused is missing")
  })

  const interrupted = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const random = new Random(setting.seed)
    const seen = new Seen()
    const total = 300
    for (let i = 0; i < total; i++) {
      const send = client.transport.send(peer, packetOf(setting, i, 100))
      const receive = interruptAtRandom(receiveInto(server.transport, seen), random)
      yield* Effect.all([receive, send], { concurrency: "unbounded" })
    }
    yield* Effect.forkScoped(Effect.forever(receiveInto(server.transport, seen)))
    yield* until(() => seen.packets().some((packet) => numberOf(packet) === total - 1))
    const wrong = seen.packets().findIndex((packet, i) => numberOf(packet) !== i)
    if (wrong !== -1) yield* problem(`packet ${wrong} was lost or doubled by an interrupted receive`)
  })

  return [
    [3, "a peer that does not receive stalls its sender, with bounded memory, and both go on", stalls],
    [3, "a paused peer alone is not received from, and loses nothing", pauses],
    [4, "an interrupted receive loses no event", interrupted]
  ]
}

/** Law 3 of datagrams: who does not receive holds up nobody. */
export const flood = (setting: Setting): ReadonlyArray<Entry> => {
  const drops = Effect.gen(function* () {
    const { client, peer, server } = yield* connected(setting)
    const total = 5000
    for (let i = 0; i < total; i++) yield* client.transport.send(peer, packetOf(setting, i, 500))
    const seen = yield* watch(server.transport)
    const last = packetOf(setting, total, 500)
    // Again and again: the system may still be full.
    yield* Effect.forkScoped(
      Effect.forever(Effect.zipRight(Effect.yieldNow(), Effect.delay(client.transport.send(peer, last), "5 millis")))
    )
    yield* until(() => seen.packets().some((packet) => numberOf(packet) === total))
    yield* expect(seen.packets().filter((packet) => numberOf(packet) < total).length < total, "nothing was dropped")
  })

  return [[3, "datagrams that nobody receives are dropped, and hold up nobody", drops]]
}

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect, interruptAtRandom, pausedAtRandom, problem } from "../check.js"
import { Random } from "../pattern.js"
import type { Entry } from "../transport/entry.js"
import { type Duct, type DuctSetting, expectMessage, expectMessages, items, openDucts, range } from "./setting.js"

/** Law 5: interruption loses no message and tears none. */
export const interruption = (setting: DuctSetting): ReadonlyArray<Entry> => {
  const { seed } = setting
  const text = (random: Random) => "x".repeat(random.size(20_000))

  const receives = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const random = new Random(seed)
    const messages = range(300).map((number) => [number, text(random)])
    const pauses = new Random(seed + 1)
    const send = Effect.forEach(messages, (message) =>
      Effect.zipRight(left.send(message), pauses.below(3) === 0 ? Effect.yieldNow() : Effect.void)
    )
    const sending = yield* Effect.fork(send)
    const { received, recv, recvAll } = recording(right)
    for (let attempt = 1; received.length < messages.length; attempt++) {
      const receive = random.below(4) === 0 ? recvAll : recv
      yield* undisturbed(yield* attempt % 8 === 0 ? Effect.exit(receive) : interruptAtRandom(receive, random))
      if (random.below(4) === 0) {
        const timeout = random.below(2) === 0 ? Duration.infinity : Duration.millis(random.below(3))
        yield* undisturbed(yield* interruptAtRandom(right.poll(timeout), random))
      }
    }
    yield* Fiber.join(sending)
    yield* expectMessages(received, messages)
  })

  const racing = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const random = new Random(seed)
    const { received, recv, recvAll } = recording(right)
    for (let round = 0; round < 300; round++) {
      // The message and the interruption arrive at about the same time.
      const receiving = yield* Effect.fork(pausedAtRandom(random.below(3) === 0 ? recvAll : recv, random))
      for (let i = random.below(4); i > 0; i--) yield* Effect.yieldNow()
      yield* left.send(round)
      for (let i = random.below(8); i > 0; i--) yield* Effect.yieldNow()
      yield* undisturbed(yield* Fiber.interrupt(receiving))
      if (received.length <= round) yield* recv
    }
    yield* expectMessages(received, range(300))
  })

  const sends = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* openDucts(setting)
    const random = new Random(seed)
    const mustArrive = new Set<number>()
    const send = Effect.gen(function* () {
      for (const number of range(300)) {
        const message = [number, text(random)]
        const exit = yield* interruptAtRandom(left.send(message), random)
        if (Exit.isSuccess(exit)) mustArrive.add(number)
        else yield* undisturbed(exit)
        if (random.below(5) === 0) yield* undisturbed(yield* interruptAtRandom(left.flush, random))
      }
      yield* left.flush
      yield* closeLeft()
    })
    const pauses = new Random(seed + 1)
    const arrived = new Set<number>()
    let last = -1
    const receive = Effect.gen(function* () {
      for (let i = pauses.below(10); i > 0; i--) yield* Effect.yieldNow()
      const message = yield* right.recv
      const [number, body] = items(message)
      if (typeof number !== "number" || typeof body !== "string") {
        return yield* problem("a message did not arrive as it was sent")
      }
      yield* expect(number > last, `message ${number} arrived twice or out of order`)
      last = number
      arrived.add(number)
    }).pipe(
      Effect.forever,
      Effect.catchTag("RemoteDuctClosed", () => Effect.void)
    )
    yield* Effect.all([send, receive], { concurrency: "unbounded" })
    const missing = [...mustArrive].filter((number) => !arrived.has(number))
    yield* expect(missing.length === 0, () => `sends that completed did not arrive: ${missing.join(", ")}`)
  })

  const manySends = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const random = new Random(seed)
    for (let round = 0; round < 30; round++) {
      const many = range(200).map((number) => [round, number])
      yield* undisturbed(yield* interruptAtRandom(left.sendAll(many), random))
      yield* left.send([round, "last"])
      // What arrives of an interrupted sendAll is its beginning.
      for (let expected = 0; ; expected++) {
        const message = yield* right.recv
        if (JSON.stringify(message) === JSON.stringify([round, "last"])) break
        yield* expectMessage(message, [round, expected])
      }
    }
  })

  return [
    [5, "an interrupted receive or poll leaves the next message intact", receives],
    [5, "a receive that is interrupted as a message arrives loses none", racing],
    [5, "an interrupted send left whole or not at all", sends],
    [5, "an interrupted sendAll sent its beginning, and nothing in pieces", manySends]
  ]
}

/** Receives that note what they got in the very next step, from where it is the caller's. */
const recording = (duct: Duct) => {
  const received: Array<unknown> = []
  return {
    received,
    recv: Effect.flatMap(duct.recv, (message) => {
      received.push(message)
      return Exit.void
    }),
    recvAll: Effect.flatMap(duct.recvAll, (messages) => {
      received.push(...messages)
      return Exit.void
    })
  }
}

const undisturbed = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void, unknown> =>
  Exit.isSuccess(exit) || Exit.isInterrupted(exit) ? Effect.void : exit

import { Address } from "@ductworks/core"
import { MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Scope, Stream } from "effect"
import { eachSince, now, type Contender, type Start } from "../contender.js"
import { orMissing, type Carrier } from "../ducts.js"
import { forever, run } from "../loops.js"
import { batch, batchBytes, windowOf } from "./batches.js"

type Duct = MessageDuct.MessageDuct<unknown, unknown>

const format: MessageDuct.Format<unknown, unknown> = { serializer: Serializer.json() }

/**
 * `"joined"`: each duct has a fiber that sends, and batches leave and arrive as they come. In a single duct dozens join in
 * one write and one read, which a thousand ducts cannot have. `"apart"`: the same number of system calls for a message,
 * however many ducts there are. One fiber goes round the ducts and yields after each batch, so that each is written on its
 * own; a read takes one batch at most; and no more is under way than sockets hold, so that no writer has to wait. Received with `recvAll`: a stream (of
 * Effect 3.22) keeps its last batch while it waits, and a thousand batches that stay are work for the collector.
 */
export type Batches = "joined" | "apart"

/** Of a round, however short: to start a fiber takes as long as a batch, so that one that sends few is measured, not they. */
const leastWindows = { joined: 16, apart: 1 }

const sendJoined = (ducts: ReadonlyArray<Duct>, turns: number) =>
  Effect.forEach(ducts, (duct) => Effect.repeatN(duct.sendAll(batch), turns - 1), {
    concurrency: "unbounded",
    discard: true
  })

const sendApart = (ducts: ReadonlyArray<Duct>, first: Duct, turns: number) =>
  Effect.gen(function* () {
    let sent = 0
    for (let turn = 0; turn < turns; turn++) {
      for (const duct of ducts) {
        yield* duct.sendAll(batch)
        yield* Effect.yieldNow()
        if (++sent % windowOf(ducts.length) === 0) yield* first.recv
      }
    }
  })

/** Small JSON messages one way, in batches of 16, over `width` ducts at once between the same two processes. */
export const manyDucts = (carrier: Carrier, width: number, batches: Batches): Contender => ({
  measure: async (start) => {
    const ducts = await openDucts(start, carrier, width)
    const [first] = ducts
    if (first === undefined) throw new Error("no duct")
    return (count) => {
      // A whole number of windows.
      const perDuct = windowOf(width) / width
      const windows = Math.round(count / batch.length / windowOf(width))
      const turns = Math.max(leastWindows[batches], windows) * perDuct
      return run(
        Effect.gen(function* () {
          const begun = now()
          yield* first.send(turns * batch.length)
          yield* first.recv
          yield* batches === "joined" ? sendJoined(ducts, turns) : sendApart(ducts, first, turns)
          yield* first.recv
          return eachSince(begun, turns * batch.length * width)
        })
      )
    }
  },
  answer: (list) => {
    const addresses: unknown = JSON.parse(list)
    const texts = Array.isArray(addresses) ? addresses.map(String) : []
    return Effect.gen(function* () {
      const settings = batches === "apart" ? { ...format, readAhead: batchBytes } : format
      const ducts = yield* Effect.forEach(texts, (text) =>
        Effect.gen(function* () {
          const child = yield* MessageDuct.child({ ...settings, address: yield* Address.fromString(text) })
          yield* child.connect()
          return child
        })
      )
      const answerEach = windowOf(texts.length) * batch.length
      let left = 0
      const [first] = ducts
      const answerTo = (before: number, left: number): ReturnType<Duct["send"]> => {
        if (first === undefined) return Effect.void
        if (before === 0) return first.send("ready")
        const window = Math.ceil(left / answerEach) < Math.ceil(before / answerEach)
        const next = window && batches === "apart" ? first.send("next") : Effect.void
        return left === 0 ? Effect.zipRight(next, first.send("done")) : next
      }
      const count = (messages: Iterable<unknown>) => {
        const before = left
        for (const message of messages) {
          if (left > 0) left -= 1
          else left = Number(message) * texts.length
        }
        return answerTo(before, left)
      }
      const receive = (duct: Duct) =>
        batches === "joined" ? Stream.runForEachChunk(duct.stream, count) : forever(Effect.flatMap(duct.recvAll, count))
      yield* Effect.forEach(ducts, receive, { concurrency: "unbounded", discard: true })
    }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)
  }
})

const openDucts = (start: Start, carrier: Carrier, width: number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const parents: Array<MessageDuct.MessageDuctParent<unknown, unknown>> = []
    for (let i = 0; i < width; i++) {
      const parent = yield* Scope.extend(MessageDuct.parent({ ...format, timeout: "60 seconds" }), scope)
      yield* parent.bind()
      parents.push(parent)
    }
    const addresses = yield* Effect.forEach(parents, (parent) => parent.listenerAddress)
    start(JSON.stringify(addresses.map(Address.format)))
    yield* Effect.forEach(parents, (parent) => parent.listen(), { discard: true })
    return parents
  }).pipe(Effect.provide(carrier), orMissing)

import { Address } from "@ductworks/core"
import { MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Scope, Stream } from "effect"
import { eachSince, now, small, type Contender } from "../contender.js"
import { orMissing, type Carrier } from "../ducts.js"

type Duct = MessageDuct.MessageDuct<unknown, unknown>

const format: MessageDuct.Format<unknown, unknown> = { serializer: Serializer.json() }

/** Messages that each duct sends before the next one has its turn. */
const batch = Array.from({ length: 16 }, () => small)

/**
 * Small JSON messages one way, over `width` ducts at once between the same two processes. They go in batches of 16, so
 * that one duct and a thousand wake as often.
 */
export const manyDucts = (carrier: Carrier, width: number): Contender => ({
  measure: async (start) => {
    const ducts = await Effect.gen(function* () {
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
    const [first] = ducts
    if (first === undefined) throw new Error("no duct")
    return (count) => {
      const batches = Math.max(1, Math.round(count / width / batch.length))
      return Effect.runPromise(
        Effect.gen(function* () {
          const begun = now()
          yield* first.send(batches * batch.length)
          yield* first.recv
          const each = (duct: Duct) => Effect.repeatN(duct.sendAll(batch), batches - 1)
          yield* Effect.forEach(ducts, each, { concurrency: "unbounded", discard: true })
          yield* first.recv
          return eachSince(begun, batches * batch.length * width)
        })
      )
    }
  },
  answer: (list) => {
    const addresses: unknown = JSON.parse(list)
    const texts = Array.isArray(addresses) ? addresses.map(String) : []
    return Effect.gen(function* () {
      const ducts = yield* Effect.forEach(texts, (text) =>
        Effect.gen(function* () {
          const child = yield* MessageDuct.child({ ...format, address: yield* Address.fromString(text) })
          yield* child.connect()
          return child
        })
      )
      let left = 0
      const [first] = ducts
      const receive = (duct: Duct) =>
        Stream.runForEachChunk(duct.stream, (messages) => {
          for (const message of messages) {
            if (left === 0) {
              left = Number(message) * texts.length
              return first === undefined ? Effect.void : first.send("ready")
            }
            left -= 1
          }
          return left === 0 && first !== undefined ? first.send("done") : Effect.void
        })
      yield* Effect.forEach(ducts, receive, { concurrency: "unbounded", discard: true })
    }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)
  }
})

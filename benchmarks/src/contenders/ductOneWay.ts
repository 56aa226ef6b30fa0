import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Schema, Stream } from "effect"
import { eachSince, now, small, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"
import { run, times } from "../loops.js"
import { Small } from "../schemas.js"

/** How many messages follow, one of them, or the answer to all. */
const Value = Schema.Union(Small, Schema.Number, Schema.String)

type Duct = MessageDuct.MessageDuct<typeof Value.Type, unknown>

type Format = MessageDuct.Format<typeof Value.Type, unknown>

const json: Format = { serializer: Serializer.json() }

/** The first message of a round says how many follow. */
export const countStream = (duct: Duct) => {
  let left = 0
  return Stream.runForEachChunk(duct.stream, (messages) => {
    let done = false
    for (const message of messages) {
      if (left === 0) left = Number(message)
      else if (--left === 0) done = true
    }
    return done ? duct.send("done") : Effect.void
  })
}

const make =
  (sendMany: (duct: Duct, count: number) => ReturnType<Duct["send"]>, format: Format = json) =>
  (carrier: Carrier): Contender => ({
    measure: async (start) => {
      const duct = await connectAnswerer(start, format, carrier)
      const round = (count: number) =>
        Effect.gen(function* () {
          const begun = now()
          yield* duct.send(count)
          yield* sendMany(duct, count)
          yield* duct.recv
          return eachSince(begun, count)
        })
      return (count) => run(round(count))
    },
    answer: (address) => answerWith(address, format, carrier, countStream)
  })

const repeat = function* (count: number): Generator<typeof Small.Type> {
  for (let i = 0; i < count; i++) yield small
}

const all = (duct: Duct, count: number) => duct.sendAll(repeat(count))

/** Small messages one way in that format: `sendAll` in one process, `stream` in the other. */
export const ductSendAllIn = (format: Format) => make(all, format)

/** In JSON. */
export const ductSendAll = ductSendAllIn(json)

/** In JSON, encoded and decoded with a Schema in both processes. */
export const ductSchemaSendAll = ductSendAllIn({ serializer: Serializer.jsonSchema(Value) })

/** From a stream into the sink. */
export const ductSink = make((duct, count) => Stream.run(Stream.fromIterable(repeat(count)), duct.sink))

/** With one `send` a message. */
export const ductSendEach = make((duct, count) => times(count, () => duct.send(small)))

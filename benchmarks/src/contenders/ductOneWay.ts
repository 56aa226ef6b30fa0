import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Stream } from "effect"
import { eachSince, now, small, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"

type Duct = MessageDuct.MessageDuct<unknown, unknown>

const format: MessageDuct.Format<unknown, unknown> = { serializer: Serializer.json() }

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
  (sendMany: (duct: Duct, count: number) => ReturnType<Duct["send"]>) =>
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
      return (count) => Effect.runPromise(round(count))
    },
    answer: (address) => answerWith(address, format, carrier, countStream)
  })

const repeat = function* (count: number): Generator<unknown> {
  for (let i = 0; i < count; i++) yield small
}

/** Small JSON messages one way: `sendAll` in one process, `stream` in the other. */
export const ductSendAll = make((duct, count) => duct.sendAll(repeat(count)))

/** The same with one `send` a message. */
export const ductSendEach = make((duct, count) =>
  Effect.gen(function* () {
    for (let i = 0; i < count; i++) yield* duct.send(small)
  })
)

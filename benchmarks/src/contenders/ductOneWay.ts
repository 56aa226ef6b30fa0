import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Stream } from "effect"
import { now, since, small, type Contender } from "../contender.js"
import { answerWith, connectAnswerer } from "../ducts.js"

const format = { serializer: Serializer.json() }

/** The first message of a round says how many follow. */
const countStream = (duct: MessageDuct.MessageDuct<unknown, unknown>) => {
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

const repeat = function* (count: number): Generator<unknown> {
  for (let i = 0; i < count; i++) yield small
}

/** Small JSON messages one way: `sendAll` in one process, `stream` in the other. */
export const ductSendAll: Contender = {
  measure: async () => {
    const duct = await connectAnswerer<unknown, unknown>("duct sendAll", format)
    const round = (count: number) =>
      Effect.gen(function* () {
        const start = now()
        yield* duct.send(count)
        yield* duct.sendAll(repeat(count))
        yield* duct.recv
        return since(start) / count
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: (address) => answerWith<unknown, unknown, unknown>(address, format, countStream)
}

/** The same with one `send` a message. */
export const ductSendEach: Contender = {
  measure: async () => {
    const duct = await connectAnswerer<unknown, unknown>("duct send each", format)
    const round = (count: number) =>
      Effect.gen(function* () {
        const start = now()
        yield* duct.send(count)
        for (let i = 0; i < count; i++) yield* duct.send(small)
        yield* duct.recv
        return since(start) / count
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: ductSendAll.answer
}

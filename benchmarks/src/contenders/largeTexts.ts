import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect } from "effect"
import { eachSince, now, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"
import { forever, run, times } from "../loops.js"

const format: MessageDuct.Format<unknown, unknown> = { serializer: Serializer.json() }

/** 524,288 characters, none of Latin-1 in every fourth place: 768 KiB in UTF-8. */
const large = "\u0ff0lol".repeat(131_072)

/** The throughput story of Python's ductworks (EX-10): large texts one way, one `send` and one `recv` each. */
export const largeTexts = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const duct = await connectAnswerer(start, format, carrier)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* duct.send(count)
        yield* times(count, () => duct.send(large))
        yield* duct.recv
        return eachSince(begun, count)
      })
    return (count) => run(round(count))
  },
  answer: (address) => answerWith(address, format, carrier, (duct) => forever(receiveRound(duct)))
})

/** The first message of a round says how many follow. */
const receiveRound = (duct: MessageDuct.MessageDuct<unknown, unknown>) =>
  Effect.gen(function* () {
    const count = Number(yield* duct.recv)
    yield* times(count, () => duct.recv)
    yield* duct.send("done")
  })

import { Serializer } from "@ductworks/message"
import { Effect } from "effect"
import { eachSince, now, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"

const format = { serializer: Serializer.bytes }

/** Large byte messages one way; the other process acknowledges each with one byte. */
export const ductLarge = (carrier: Carrier, size: number): Contender => ({
  measure: async (start) => {
    const duct = await connectAnswerer(start, format, carrier)
    const payload = new Uint8Array(size).fill(7)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        for (let i = 0; i < count; i++) {
          yield* duct.send(payload)
          yield* duct.recv
        }
        return eachSince(begun, count)
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: (address) =>
    answerWith(address, format, carrier, (duct) =>
      Effect.forever(Effect.flatMap(duct.recv, (bytes) => duct.send(bytes.subarray(0, 1))))
    )
})

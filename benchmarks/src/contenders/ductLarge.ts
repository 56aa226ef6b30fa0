import { Serializer } from "@ductworks/message"
import { Effect } from "effect"
import { now, since, type Contender } from "../contender.js"
import { answerWith, connectAnswerer } from "../ducts.js"

const format = { serializer: Serializer.bytes }

const MiB = 1024 * 1024

/** Large byte messages one way; the other process acknowledges each with one byte. */
const make = (name: string, size: number): Contender => ({
  measure: async () => {
    const duct = await connectAnswerer(name, format)
    const payload = new Uint8Array(size).fill(7)
    const round = (count: number) =>
      Effect.gen(function* () {
        const start = now()
        for (let i = 0; i < count; i++) {
          yield* duct.send(payload)
          yield* duct.recv
        }
        return since(start) / count
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: (address) =>
    answerWith(address, format, (duct) =>
      Effect.forever(Effect.flatMap(duct.recv, (bytes) => duct.send(bytes.subarray(0, 1))))
    )
})

export const ductMiB = make("duct 1 MiB", MiB)

export const duct16MiB = make("duct 16 MiB", 16 * MiB)

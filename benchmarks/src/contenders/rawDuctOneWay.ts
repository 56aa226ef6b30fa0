import type { RawDuct } from "@ductworks/core"
import { Effect } from "effect"
import { now, rateSince, type Contender } from "../contender.js"
import { answerRawWith, connectRawAnswerer, type Carrier } from "../ducts.js"
import { askFor, asked, MiB } from "../oneWay.js"

/** 1 MiB one way, received into one reused buffer with `recvInto`. */
export const rawDuctOneWay = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const duct = await connectRawAnswerer(start, carrier)
    const buffer = new Uint8Array(MiB)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* duct.sendAll(askFor(count))
        for (let left = count * MiB; left > 0;) {
          left -= yield* duct.recvInto(buffer)
        }
        return rateSince(begun, count * MiB)
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: (address) => answerRawWith(address, carrier, (duct) => Effect.forever(sendWhatIsAsked(duct)))
})

const payload = new Uint8Array(MiB)

const sendWhatIsAsked = (duct: RawDuct.RawDuct) =>
  Effect.gen(function* () {
    const count = asked(yield* duct.recvExact(4))
    for (let i = 0; i < count; i++) yield* duct.sendAll(payload)
  })

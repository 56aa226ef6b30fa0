import { Serializer } from "@ductworks/message"
import { Effect } from "effect"
import type { Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"

const format = { serializer: Serializer.bytes }

const KiB = 1024

/** Offers 1 GiB to a reader that never reads: how many bytes of it a sender could hand over. */
export const ductStalled = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const duct = await connectAnswerer(start, format, carrier)
    const payload = new Uint8Array(16 * KiB)
    let accepted = 0
    const offer = Effect.gen(function* () {
      while (accepted < 1024 * KiB * KiB) {
        yield* duct.send(payload)
        accepted += payload.length
      }
    })
    return () => Effect.runPromise(Effect.timeoutOption(offer, "1 second")).then(() => ({ value: accepted }))
  },
  // One poll makes the reader begin to read ahead; then it stalls.
  answer: (address) => answerWith(address, format, carrier, (duct) => Effect.zipRight(duct.poll(), Effect.never))
})

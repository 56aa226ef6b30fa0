import type { RawDuct } from "@ductworks/core"
import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect } from "effect"
import { now, rateSince, type Contender } from "../contender.js"
import { answerRawWith, answerWith, connectAnswerer, connectRawAnswerer, type Carrier } from "../ducts.js"
import { forever, run, times, untilReceived } from "../loops.js"
import { askFor, asked } from "../oneWay.js"

/** How many bytes of a message `recvInto` brings at least. */
type Filling = "whole messages" | "what is here"

/** Messages of `size` bytes one way, received into one reused buffer with `recvInto`. */
export const intoReused = (carrier: Carrier, size: number, filling: Filling = "whole messages"): Contender => ({
  measure: async (start) => {
    const duct = await connectRawAnswerer(start, carrier)
    const buffer = new Uint8Array(size)
    const options = { flags: { waitAll: filling === "whole messages" } }
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* duct.sendAll(askFor(count))
        yield* untilReceived(count * size, duct.recvInto(buffer, options))
        return rateSince(begun, count * size)
      })
    return (count) => run(round(count))
  },
  answer: (address) => answerRawWith(address, carrier, (duct) => forever(sendWhatIsAsked(duct, new Uint8Array(size))))
})

const sendWhatIsAsked = (duct: RawDuct.RawDuct, payload: Uint8Array) =>
  Effect.gen(function* () {
    const count = asked(yield* duct.recvExact(4))
    yield* times(count, () => duct.sendAll(payload))
  })

const bytes: MessageDuct.Format<Uint8Array, Uint8Array> = { serializer: Serializer.bytes }

/** Messages of `size` bytes one way on a message duct, `sendAll` to `recvAll`: each in memory of its own. */
export const intoFresh = (carrier: Carrier, size: number): Contender => ({
  measure: async (start) => {
    const duct = await connectAnswerer(start, bytes, carrier)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* duct.send(askFor(count))
        yield* untilReceived(
          count,
          Effect.map(duct.recvAll, (messages) => messages.length)
        )
        return rateSince(begun, count * size)
      })
    return (count) => run(round(count))
  },
  answer: (address) => {
    const payload = new Uint8Array(size)
    return answerWith(address, bytes, carrier, (duct) =>
      forever(Effect.flatMap(duct.recv, (count) => duct.sendAll(repeat(asked(count), payload))))
    )
  }
})

const repeat = function* (count: number, payload: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield payload
}

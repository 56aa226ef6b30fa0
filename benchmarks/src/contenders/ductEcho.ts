import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Schema } from "effect"
import { message, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"
import { Laps } from "../figure.js"

const make =
  <A>(format: MessageDuct.Format<A, A>, value: A) =>
  (carrier: Carrier): Contender => ({
    measure: async (start) => {
      const duct = await connectAnswerer(start, format, carrier)
      const trips = (laps: Laps) =>
        Effect.gen(function* () {
          do {
            yield* duct.send(value)
            yield* duct.recv
          } while (!laps.lap())
          return laps.figure()
        })
      return (count) => Effect.runPromise(trips(new Laps(count)))
    },
    answer: (address) =>
      answerWith(address, format, carrier, (duct) =>
        Effect.gen(function* () {
          while (true) yield* duct.send(yield* duct.recv)
        })
      )
  })

/** A round trip of JSON, with Effect in both processes. */
export const ductEcho = make<unknown>({ serializer: Serializer.json() }, message)

const Message = Schema.Struct({
  id: Schema.Int,
  kind: Schema.String,
  text: Schema.String,
  values: Schema.Array(Schema.Number),
  done: Schema.Boolean
})

/** The same, encoded and decoded with a Schema in both processes. */
export const ductSchemaEcho = make<typeof Message.Type>({ serializer: Serializer.jsonSchema(Message) }, message)

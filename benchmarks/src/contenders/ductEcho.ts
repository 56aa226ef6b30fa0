import { type MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Schema } from "effect"
import { message, now, since, type Contender } from "../contender.js"
import { answerWith, connectAnswerer } from "../ducts.js"

const echo = <A>(duct: MessageDuct.MessageDuct<A, A>) =>
  Effect.forever(Effect.flatMap(duct.recv, duct.send)).pipe(Effect.asVoid)

const make = <A>(name: string, format: MessageDuct.Format<A, A>, value: A): Contender => ({
  measure: async () => {
    const duct = await connectAnswerer(name, format)
    const rounds = (count: number) =>
      Effect.gen(function* () {
        const start = now()
        for (let i = 0; i < count; i++) {
          yield* duct.send(value)
          yield* duct.recv
        }
        return since(start) / count
      })
    return (count) => Effect.runPromise(rounds(count))
  },
  answer: (address) => answerWith(address, format, echo)
})

/** A round trip of JSON, with Effect in both processes. */
export const ductEcho = make<unknown>("duct echo", { serializer: Serializer.json() }, message)

const Message = Schema.Struct({
  id: Schema.Int,
  kind: Schema.String,
  text: Schema.String,
  values: Schema.Array(Schema.Number),
  done: Schema.Boolean
})

/** The same, encoded and decoded with a Schema in both processes. */
export const ductSchemaEcho = make<typeof Message.Type>(
  "duct schema echo",
  { serializer: Serializer.jsonSchema(Message) },
  message
)

import { MessageDuct, Serializer } from "@ductworks/message"
import { Context, Effect, Schema } from "effect"

export class Key extends Context.Tag("test/Key")<Key, { readonly shift: number }>() {}

/** A message that tells which one it is, and whether it is whole. */
export interface Numbered {
  readonly number: number
  readonly text: string
}

export const numbered = (number: number, length = 20): Numbered => ({ number, text: textOf(number, length) })

const textOf = (number: number, length: number): string => String(number).padEnd(length, "abcdefghij")

export const isWhole = ({ number, text }: Numbered): boolean => text === textOf(number, text.length)

/** Numbers that travel shifted by a service's key, with asynchronous steps on the way. */
const Shifted = Schema.transformOrFail(Schema.Number, Schema.Number, {
  strict: true,
  decode: (number) => Effect.zipLeft(Effect.yieldNow(), Effect.yieldNow()).pipe(shiftedBy(-1, number)),
  encode: (number) => Effect.yieldNow().pipe(shiftedBy(1, number))
})

const shiftedBy =
  (sign: 1 | -1, number: number) =>
  <E, R>(before: Effect.Effect<void, E, R>): Effect.Effect<number, E, R | Key> =>
    Effect.zipRight(
      before,
      Effect.map(Key, ({ shift }) => number + sign * shift)
    )

export type Format = "JSON" | "effectful Schema"

export const formats: ReadonlyArray<Format> = ["JSON", "effectful Schema"]

/** Two ends of a duct of numbered messages: in a format that is synchronous, or one that runs Effects with a service. */
export const numberedPair = (format: Format) =>
  format === "JSON"
    ? MessageDuct.pair({ serializer: Serializer.jsonSchema(messageOf(Schema.Number)) })
    : Effect.provideService(MessageDuct.pair({ serializer: Serializer.jsonSchema(messageOf(Shifted)) }), Key, {
        shift: 1000
      })

const messageOf = <I, R>(number: Schema.Schema<number, I, R>) => Schema.Struct({ number, text: Schema.String })

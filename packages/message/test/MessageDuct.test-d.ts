import type { Transport } from "@ductworks/core"
import type { RemoteDuctClosed } from "@ductworks/core/DuctError"
import { Contract, type MessageDuct, MessageDuct as Duct, type MessageError, Serializer } from "@ductworks/message"
import { Context, type Effect, type Layer, Schema, type Stream } from "effect"
import type { Scope } from "effect/Scope"
import { describe, expectTypeOf, test } from "vitest"

class Thumbnails extends Contract.make("test/Thumbnails", {
  toChild: Schema.Struct({ path: Schema.String }),
  toParent: Schema.Struct({ made: Schema.Date })
}) {}

interface Job {
  readonly path: string
}

interface Result {
  readonly made: Date
}

class Secret extends Context.Tag("test/Secret")<Secret, string>() {}

declare const secretive: Schema.Schema<number, string, Secret>

describe("message ducts", () => {
  test("a duct without a format talks JSON of unknown", () => {
    expectTypeOf(Duct.pair()).toExtend<
      Effect.Effect<readonly [MessageDuct.MessageDuct<unknown, unknown>, unknown], unknown, Transport.Transport | Scope>
    >()
  })

  test("the messages' types come from the serializer, also where the options are a variable", () => {
    const options = { serializer: Serializer.jsonSchema(Schema.Number) }
    expectTypeOf(Duct.parent(options)).toEqualTypeOf<
      Effect.Effect<MessageDuct.MessageDuctParent<number, number>, never, Transport.Transport | Scope>
    >()
  })

  test("each direction can have its own", () => {
    const duct = Duct.parent({ outbound: Serializer.text(), inbound: Serializer.bytes })
    expectTypeOf(duct).toEqualTypeOf<
      Effect.Effect<MessageDuct.MessageDuctParent<string, Uint8Array>, never, Transport.Transport | Scope>
    >()
  })

  test("the ends of a pair receive what the other sends; half a serializer does not do for that", () => {
    const pair = Duct.pair({ outbound: Serializer.text(), inbound: Serializer.bytes })
    expectTypeOf<Effect.Effect.Success<typeof pair>>().toEqualTypeOf<
      readonly [MessageDuct.MessageDuct<string, Uint8Array>, MessageDuct.MessageDuct<Uint8Array, string>]
    >()
    expectTypeOf<typeof pair>().toExtend<Effect.Effect<unknown, unknown, Transport.Transport | Scope>>()
    const { decode: _, ...encoder } = Serializer.text()
    // @ts-expect-error -- nobody could read what the first end sends
    const half = () => Duct.pair({ outbound: encoder, inbound: Serializer.bytes })
    expectTypeOf(half).toBeFunction()
  })

  test("the services of a schema are asked for where the duct is made, not where it is used", () => {
    const made = Duct.pair({ serializer: Serializer.jsonSchema(secretive) })
    expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<Transport.Transport | Scope | Secret>()
    type End = Effect.Effect.Success<typeof made>[0]
    expectTypeOf<Effect.Effect.Context<End["recv"]>>().toEqualTypeOf<never>()
  })

  test("a stream ends at a clean close, so that is no error of it", () => {
    type Errors = Stream.Stream.Error<MessageDuct.MessageDuct<string, string>["stream"]>
    expectTypeOf<Errors>().toEqualTypeOf<Exclude<MessageError.RecvError, RemoteDuctClosed>>()
  })
})

describe("contracts", () => {
  test("what the parent sends is what the child receives", () => {
    expectTypeOf<Context.Tag.Service<typeof Thumbnails.Parent>>().toEqualTypeOf<MessageDuct.MessageDuct<Job, Result>>()
    expectTypeOf<Context.Tag.Service<typeof Thumbnails.Child>>().toEqualTypeOf<MessageDuct.MessageDuct<Result, Job>>()
  })

  test("the two ends are different services, and so are those of another contract", () => {
    expectTypeOf<Contract.Parent<"a">>().not.toExtend<Contract.Child<"a">>()
    expectTypeOf<Contract.Parent<"a">>().not.toExtend<Contract.Parent<"b">>()
  })

  test("a pair's layer gives both ends, and needs a transport only", () => {
    expectTypeOf(Thumbnails.layerPair()).toExtend<
      Layer.Layer<Contract.Parent<"test/Thumbnails"> | Contract.Child<"test/Thumbnails">, unknown, Transport.Transport>
    >()
  })

  test("a message of the wrong type does not compile", () => {
    type Send = Context.Tag.Service<typeof Thumbnails.Parent>["send"]
    expectTypeOf<{ path: number }>().not.toExtend<Parameters<Send>[0]>()
  })
})

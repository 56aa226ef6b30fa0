import { Serializer } from "@ductworks/message"
import { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { now, roundTrip, utf8 } from "./support/formats.js"

class Job extends Schema.Class<Job>("Job")({ id: Schema.NumberFromString, at: Schema.Date }) {}

class Users extends Context.Tag("test/Users")<Users, { readonly nameOf: (id: number) => Effect.Effect<string> }>() {}

/** Of what a Schema says to a value that is none of anybody's business. */
const problemOf = <A, I>(schema: Schema.Schema<A, I>): string => {
  const error = now(Serializer.jsonSchema(schema).decode(utf8('{"k":"hunter2"}')))
  if (!(error instanceof DeserializeError)) return assert.fail("it was decoded")
  assert.notInclude(Cause.pretty(Cause.fail(error), { renderErrorCause: true }), "hunter2")
  return error.problem
}

const named = <A, I>(schema: Schema.Schema<A, I>) => problemOf(Schema.Struct({ k: schema }))

describe("Serializer.jsonSchema", () => {
  it("a pure Schema stays synchronous, both ways", () => {
    const jobs = Serializer.jsonSchema(Job)
    const job = new Job({ id: 7, at: new Date(0) })
    assert.strictEqual(now(jobs.encode(job)), '{"id":"7","at":"1970-01-01T00:00:00.000Z"}')
    const decoded = now(jobs.decode(utf8('{"id":"7","at":"1970-01-01T00:00:00.000Z"}')))
    assert.isTrue(decoded instanceof Job && decoded.id === 7)
  })

  it.effect("effectful transformations and services work, and are in the type", () =>
    Effect.gen(function* () {
      const Named = Schema.transformOrFail(Schema.Number, Schema.String, {
        strict: true,
        decode: (id) => Effect.flatMap(Users, (users) => users.nameOf(id)),
        encode: (name) => Effect.as(Effect.yieldNow(), name.length)
      })
      const serializer: Serializer.Serializer<{ readonly user: string }, { readonly user: string }, Users> =
        Serializer.jsonSchema(Schema.Struct({ user: Named }))
      const users = { nameOf: (id: number) => Effect.as(Effect.yieldNow(), `user ${id}`) }
      const decoded = yield* Effect.provideService(serializer.decode(utf8('{"user":3}')), Users, users)
      assert.deepStrictEqual(decoded, { user: "user 3" })
      const encoded = yield* Effect.provideService(serializer.encode({ user: "seven77" }), Users, users)
      assert.strictEqual(encoded, '{"user":7}')
    })
  )

  it("a message that does not fit says where and what, and does not print it", () => {
    const schema = Schema.Struct({
      items: Schema.Array(Schema.Struct({ name: Schema.NonEmptyString, kind: Schema.Literal("a", "b") })),
      n: Schema.optional(Schema.Union(Schema.Number, Schema.Null))
    })
    const serializer = Serializer.jsonSchema(schema)
    const cases: ReadonlyArray<readonly [unknown, string]> = [
      [{ items: [{ name: 12345, kind: "a" }] }, 'at "items.0.name": expected string, got number'],
      [{ items: [{ name: "x" }] }, 'at "items.0.kind": is missing'],
      [{ items: "hunter2" }, 'at "items": expected ReadonlyArray<'],
      [{ items: [], n: "hunter2" }, 'at "n": expected number | null'],
      [{ items: [{ name: "x", kind: "hunter2" }] }, 'at "items.0.kind": expected "a" | "b", got string'],
      [{ items: [{ name: "", kind: "a" }] }, 'at "items.0.name": '],
      ["hunter2", "expected "],
      [null, "expected "]
    ]
    for (const [message, problem] of cases) {
      const error = now(serializer.decode(utf8(JSON.stringify(message))))
      assert.instanceOf(error, DeserializeError)
      assert.include(error.problem, problem)
      assert.notInclude(Cause.pretty(Cause.fail(error), { renderErrorCause: true }), "hunter2")
    }
  })

  it("keys and texts of a peer are escaped and at most 128 characters", () => {
    const record = Serializer.jsonSchema(Schema.Record({ key: Schema.String, value: Schema.NumberFromString }))
    const key = "\u001b[31m\u202e" + "k".repeat(1000)
    const texts = [{ [key]: 1 }, { k: "\u001b\u202e" + "v".repeat(1000) }]
    for (const message of texts) {
      const error = now(record.decode(utf8(JSON.stringify(message))))
      assert.instanceOf(error, DeserializeError)
      assert.notMatch(error.message, /\p{Cc}|\u202e/u)
      assert.isBelow(error.message.length, 500)
    }
  })

  it("what a Schema says itself is told, cut and without the value; a transformation that says nothing is named", () => {
    const secret = Schema.transformOrFail(Schema.String, Schema.String, {
      strict: true,
      decode: (value) => ParseResult.fail(new ParseResult.Type(Schema.String.ast, value)),
      encode: ParseResult.succeed
    })
    const name = Schema.String.pipe(Schema.minLength(100, { message: ({ actual }) => `not ${String(actual)}` }))
    const long = Schema.String.pipe(Schema.minLength(100, { message: () => "\u001b" + "x".repeat(9999) }))
    const job = Schema.Struct({ k: name })
    assert.strictEqual(named(name), 'at "k": "not string"')
    assert.strictEqual(named(Schema.Number.annotations({ message: () => "an id" })), 'at "k": "an id"')
    assert.strictEqual(named(Schema.Int.annotations({ message: () => "an id" })), 'at "k": expected number, got string')
    assert.include(named(long), `"\\u001b${"x".repeat(127)}"…`)
    assert.strictEqual(named(secret), 'at "k": expected (string <-> string), which this string is not')
    const token = secret.annotations({ identifier: "Token" })
    assert.strictEqual(named(token), 'at "k": expected Token, which this string is not')
    assert.strictEqual(named(secret.annotations({ message: () => "no token" })), 'at "k": "no token"')
    assert.strictEqual(problemOf(job.annotations({ message: () => "no job" })), 'at "k": "not string"')
    const overriding = job.annotations({ message: () => ({ message: "no job", override: true }) })
    assert.strictEqual(problemOf(overriding), '"no job"')
    const missing = Schema.propertySignature(Schema.String).annotations({ missingMessage: () => "who?" })
    assert.strictEqual(problemOf(Schema.Struct({ id: missing })), 'at "id": "who?"')
  })

  it("a value that does not fit the Schema is a SerializeError", () => {
    const positive = Serializer.jsonSchema(Schema.Struct({ n: Schema.Positive }))
    const error = now(positive.encode({ n: -1 }))
    assert.instanceOf(error, SerializeError)
    assert.include(error.problem, 'at "n"')
  })

  it("exceptions of transformations are typed, with their cause", () => {
    const boom = new Error("boom")
    const Throws = Schema.transform(Schema.String, Schema.String, {
      strict: true,
      decode: () => {
        throw boom
      },
      encode: () => {
        throw boom
      }
    })
    const serializer = Serializer.jsonSchema(Throws)
    const decoded = now(serializer.decode(utf8('"x"')))
    assert.isTrue(decoded instanceof DeserializeError && decoded.cause === boom)
    const encoded = now(serializer.encode("x"))
    assert.isTrue(encoded instanceof SerializeError && encoded.cause === boom)
  })

  it.effect("failures and defects of effectful transformations too", () =>
    Effect.gen(function* () {
      const of = (effect: Effect.Effect<string, ParseResult.ParseIssue>) =>
        Serializer.jsonSchema(
          Schema.transformOrFail(Schema.String, Schema.String, {
            strict: true,
            decode: () => Effect.zipRight(Effect.yieldNow(), effect),
            encode: () => Effect.zipRight(Effect.yieldNow(), effect)
          })
        )
      const failing = of(Effect.fail(new ParseResult.Type(Schema.String.ast, "hunter2", "no such user")))
      const error = yield* Effect.flip(failing.decode(utf8('"x"')))
      assert.strictEqual(error.problem, '"no such user"')
      assert.instanceOf(yield* Effect.flip(of(Effect.die("boom")).decode(utf8('"x"'))), DeserializeError)
      assert.instanceOf(yield* Effect.flip(of(Effect.die("boom")).encode("x")), SerializeError)
    })
  )

  it.effect("over another format, which may be effectful", () =>
    Effect.gen(function* () {
      const slow = Serializer.makeEffect({
        name: "slow",
        encode: (value: unknown) => Effect.as(Effect.yieldNow(), JSON.stringify(value)),
        decode: (payload) => Effect.sync((): unknown => JSON.parse(Buffer.from(payload).toString()))
      })
      const serializer = Serializer.schema(Schema.DateFromString, slow)
      assert.deepStrictEqual(yield* roundTrip(serializer, new Date(5)), new Date(5))
      assert.strictEqual(serializer.name, "slow")
    })
  )
})

import { andThen } from "@ductworks/core/Settled"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import type { DeserializeError } from "../MessageError.js"
import type { Codec, Serializer } from "../Serializer.js"
import { describeIssue } from "./describeIssue.js"
import { deserializeError, Problem, serializeError } from "./faults.js"
import { quotingEncoder, withQuoting } from "./quoted.js"
import { releases, releasing } from "./releases.js"
import { runDecoder, withRuns } from "./run.js"
import { failWith } from "./settled.js"

/** A Schema over a format of its encoded side; an Exit in, and a synchronous Schema, give an Exit out. */
export const withSchema = <A, I, R, RF>(
  schema: Schema.Schema<A, I, R>,
  format: Serializer<unknown, unknown, RF>
): Serializer<A, A, R | RF> => {
  const { maxMessageBytes, name } = format
  const codec = makeCodec(schema, name)
  const check = (decoding: Effect.Effect<unknown, DeserializeError, RF>, size: number) =>
    andThen(decoding, (value) => codec.decode(value, size))
  const plain = (payload: Uint8Array) => check(format.decode(payload), payload.length)
  const decode = releases(format.decode) ? releasing(plain) : plain
  const decodeRun = runDecoder(format.decode)
  const encode = (message: A) => andThen(codec.encode(message), (value) => format.encode(value))
  const quoting = quotingEncoder(format.encode)
  return {
    name,
    maxMessageBytes,
    encode: quoting === undefined ? encode : withQuoting(encode, (message) => andThen(codec.encode(message), quoting)),
    decode:
      decodeRun === undefined
        ? decode
        : withRuns(decode, (run) => decodeRun(run)?.map((decoding, i) => check(decoding, run.sizes[i] ?? 0)))
  }
}

export const makeCodec = <A, I, R>(schema: Schema.Schema<A, I, R>, name: string): Codec<A, R> => {
  const toWire = ParseResult.encodeUnknown(schema)
  const fromWire = ParseResult.decodeUnknown(schema)
  return {
    encode: (message) => guarded(toWire, message, (thrown) => serializeError(name, thrown)),
    decode: (value, size) => guarded(fromWire, value, (thrown) => deserializeError(name, size, thrown))
  }
}

/**
 * Runs one side of a Schema. `decodeUnknown` and `encodeUnknown` give an Either where nothing in the Schema is an
 * Effect, and let through what transformations throw, and the RangeError of a recursion that is too deep.
 */
const guarded = <A, R, E>(
  run: (value: unknown) => Effect.Effect<A, ParseResult.ParseIssue, R>,
  value: unknown,
  toError: (thrown: unknown) => E
): Effect.Effect<A, E, R> => {
  try {
    const result = run(value)
    const either = ParseResult.eitherOrUndefined(result)
    if (either === undefined) {
      const described = Effect.mapError(result, (issue) => new Problem(describeIssue(issue)))
      return failWith(described, toError)
    }
    return either._tag === "Right"
      ? Exit.succeed(either.right)
      : Exit.fail(toError(new Problem(describeIssue(either.left))))
  } catch (thrown) {
    return Exit.fail(toError(thrown))
  }
}

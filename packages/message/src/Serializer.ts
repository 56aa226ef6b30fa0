/**
 * How messages become payloads and back.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { textCodec } from "./internal/encodings.js"
import { checkPayload, decodeWith, deserializeError, encodeWith, serializeError } from "./internal/faults.js"
import { decodeJson, isRawPossible, stringifyJson } from "./internal/json.js"
import { parseRun } from "./internal/jsonRun.js"
import { limitOr } from "./internal/limit.js"
import { quotedOr, withQuoting } from "./internal/quoted.js"
import { releasing } from "./internal/releases.js"
import { withRuns } from "./internal/run.js"
import { failWith } from "./internal/settled.js"
import { withCompression } from "./internal/withCompression.js"
import { makeCodec, withSchema } from "./internal/withSchema.js"
import type { DeserializeError, SerializeError } from "./MessageError.js"

/**
 * A format of messages. `encode` and `decode` return Effects; a synchronous format returns an `Exit` (which is an
 * Effect), and a duct looks at it without running anything. Neither throws, and neither changes what it was given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Serializer<in Out, out In = Out, out R = never> {
  /** For errors, and for both ends to compare. */
  readonly name: string
  /** The default of `maxMessageBytes` for ducts with this format. */
  readonly maxMessageBytes: number
  /**
   * The payload, as bytes, or as text which the duct writes as UTF-8 (it has no lone surrogates). The bytes may be the
   * message itself, which its owner may fill in anew once the send has completed; from 64 KiB on they are lent until then
   * (see `MessageDuct.send`).
   */
  readonly encode: (message: Out) => Effect.Effect<Uint8Array | string, SerializeError, R>
  /**
   * The message of a payload. Nobody writes to the payload any more, but it may be a view of a bigger chunk that it
   * keeps alive: a message may hold on to a payload that is at least half of its `buffer`, and has copied any other.
   */
  readonly decode: (payload: Uint8Array) => Effect.Effect<In, DeserializeError, R>
}

/**
 * The `maxMessageBytes` of every serializer but {@link bytes}: 16 MiB.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMaxMessageBytes = 16 * 1024 * 1024

/**
 * The `maxMessageBytes` of {@link bytes}: 64 MiB.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMaxBytesMessageBytes = 64 * 1024 * 1024

/**
 * A serializer from two synchronous functions, which may throw: `SerializeError` and `DeserializeError` then carry the
 * exception as `cause`, and its text escaped and cut. Text from `encode` must have no lone surrogates. `decode` copies
 * what it keeps of the payload (see {@link Serializer}).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Out, In = Out>(options: {
  readonly name: string
  readonly encode: (message: Out) => Uint8Array | string
  readonly decode: (payload: Uint8Array) => In
  /** Bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number
}): Serializer<Out, In> => {
  const { decode, encode, name } = options
  return {
    name,
    maxMessageBytes: limitOr(options.maxMessageBytes, defaultMaxMessageBytes),
    encode: (message) => encodeWith(name, message, encode, checkPayload),
    decode: (payload) => decodeWith(name, payload, decode)
  }
}

/**
 * A serializer from two functions that return Effects. A typed error or a defect becomes the `cause` of a
 * `SerializeError` or `DeserializeError`; interruption stays interruption. Apart from {@link make}, because a message
 * may itself be an Effect (an `Option` is one).
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeEffect = <Out, In, EncodeError, DecodeError, R1 = never, R2 = never>(options: {
  readonly name: string
  readonly encode: (message: Out) => Effect.Effect<Uint8Array | string, EncodeError, R1>
  readonly decode: (payload: Uint8Array) => Effect.Effect<In, DecodeError, R2>
  /** Bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number
}): Serializer<Out, In, R1 | R2> => {
  const { decode, encode, name } = options
  return {
    name,
    maxMessageBytes: limitOr(options.maxMessageBytes, defaultMaxMessageBytes),
    encode: (message) =>
      failWith(
        Effect.suspend(() => Effect.map(encode(message), checkPayload)),
        (thrown) => serializeError(name, thrown)
      ),
    decode: (payload) =>
      failWith(
        Effect.suspend(() => decode(payload)),
        (thrown) => deserializeError(name, payload.length, thrown)
      )
  }
}

/**
 * Text with a function each way, such as a parser and a printer.
 *
 * Encoding is strict: a lone surrogate, or a character that the encoding does not have, is a `SerializeError`. Decoding
 * replaces bad bytes with U+FFFD unless it is `"strict"`: then they are a `DeserializeError`. A byte order mark is kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromText = <Out, In = Out>(options: {
  readonly name: string
  readonly encode: (message: Out) => string
  readonly decode: (text: string) => In
  /** Default: `"utf-8"`. `"latin1"` is ISO-8859-1: byte n is character n. */
  readonly encoding?: "utf-8" | "utf-16le" | "latin1" | "ascii"
  /** Default: `"replace"`. */
  readonly decoding?: "replace" | "strict"
  /** Bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number
}): Serializer<Out, In> => {
  const { decode, encode, encoding = "utf-8", decoding = "replace", ...rest } = options
  const codec = textCodec(encoding, decoding)
  const serializer = make({
    ...rest,
    encode: (message: Out) => codec.encode(encode(message)),
    decode: (payload) => decode(codec.decode(payload))
  })
  return { ...serializer, decode: releasing(serializer.decode) }
}

/**
 * Strings, as {@link fromText} has it.
 *
 * @since 0.1.0
 * @category serializers
 */
export const text = (
  options: {
    readonly encoding?: "utf-8" | "utf-16le" | "latin1" | "ascii"
    readonly decoding?: "replace" | "strict"
    readonly maxMessageBytes?: number
  } = {}
): Serializer<string> =>
  fromText<string>({ name: `text/${options.encoding ?? "utf-8"}`, encode: (t) => t, decode: (t) => t, ...options })

/**
 * JSON in UTF-8, the default format of message ducts: what Python's `json` writes and reads, ASCII-escaped or not.
 *
 * A value that JSON has no form for (`undefined`, a function, a `BigInt`, a cycle) is a `SerializeError`. As always with
 * JSON, a `Date` becomes its text, a `Map` or a `Set` an empty object, `NaN` and the infinities `null`, and a property that
 * is undefined is left out: a Schema sends them as they are. What arrives is
 * checked no further than that it is JSON: use {@link jsonSchema} for typed messages. Unlike text, the payload must be
 * good UTF-8 (RFC 8259 §8.1): JSON is data, and with replaced bytes two different keys could become one. An object with
 * the key `"__proto__"`, however escaped, is a `DeserializeError`. So are `NaN` and `Infinity`, which Python writes
 * unless it is told `allow_nan=False`, and a byte order mark.
 *
 * @since 0.1.0
 * @category serializers
 */
export const json = (options: { readonly maxMessageBytes?: number } = {}): Serializer<unknown> => {
  const one = make<unknown>({ name: "json", encode: stringifyJson, decode: decodeJson, ...options })
  const encode = (message: unknown) =>
    encodeWith("json", message, stringifyJson, isRawPossible ? checkPayload : undefined)
  return {
    ...one,
    encode: withQuoting(encode, (message) => quotedOr(message, encode)),
    decode: withRuns(releasing(one.decode), parseRun)
  }
}

/**
 * Messages of a Schema, both ways, over a format of what the Schema encodes to (default: {@link json}).
 *
 * A Schema without Effects stays synchronous. One with effectful transformations, or that needs services, works too; its
 * services are the serializer's. A message that does not fit is a `SerializeError` or a `DeserializeError` that names the
 * place and what was expected; values are not printed. Exceptions of transformations, and the exhausted stack of a deep
 * recursive Schema, are such errors too.
 *
 * @since 0.1.0
 * @category serializers
 */
export const schema = <A, I, R, RF = never>(
  schema: Schema.Schema<A, I, R>,
  format?: Serializer<unknown, unknown, RF>
): Serializer<A, A, R | RF> => withSchema(schema, format ?? json())

/**
 * One side of {@link schema} without the format: values of a Schema and what they encode to. For messages of many types in
 * one envelope, whose type decides which Schema reads the rest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Codec<in out A, out R = never> {
  readonly encode: (message: A) => Effect.Effect<unknown, SerializeError, R>
  /** `size`: bytes of the payload that the value came in, for errors. */
  readonly decode: (value: unknown, size: number) => Effect.Effect<A, DeserializeError, R>
}

/**
 * The {@link Codec} of a Schema: guarded, and synchronous where the Schema is, as {@link schema} is. `name`: that of the
 * format, for errors.
 *
 * @since 0.1.0
 * @category constructors
 */
export const codec = <A, I, R>(schema: Schema.Schema<A, I, R>, name: string): Codec<A, R> => makeCodec(schema, name)

/**
 * JSON messages of a Schema: {@link schema} over {@link json}.
 *
 * @example
 * import { Serializer } from "@ductworks/message"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const thumbnail = Serializer.jsonSchema(Schema.Struct({ path: Schema.String, width: Schema.NumberFromString }))
 *
 * const program = Effect.gen(function* () {
 *   const payload = yield* thumbnail.encode({ path: "a.png", width: 640 })
 *   console.log(payload) // {"path":"a.png","width":"640"}
 *   const error = yield* Effect.flip(thumbnail.decode(new TextEncoder().encode(`{"path":1}`)))
 *   console.log(error.problem) // at "path": expected string, got number
 * })
 *
 * Effect.runSync(program)
 *
 * @since 0.1.0
 * @category serializers
 */
export const jsonSchema = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  options?: { readonly maxMessageBytes?: number }
): Serializer<A, A, R> => withSchema(schema, json(options))

/**
 * Bytes as they are. A received message is a copy, unless it is at least half of the chunk it came in.
 *
 * @since 0.1.0
 * @category serializers
 */
export const bytes: Serializer<Uint8Array> = make<Uint8Array>({
  name: "bytes",
  maxMessageBytes: defaultMaxBytesMessageBytes,
  encode: (message) => message,
  decode: (payload) => (payload.length * 2 >= payload.buffer.byteLength ? payload : new Uint8Array(payload))
})

/**
 * A serializer whose payloads travel compressed, with functions of the platform or a library. `maxMessageBytes` holds
 * before and after: `decompress` is told how many bytes it may give, what gives more is a `DeserializeError`, and a
 * message that is bigger before compression is a `SerializeError`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const compressed = <Out, In, R, E1 = never, E2 = never>(
  serializer: Serializer<Out, In, R>,
  options: {
    /** Of the compression, such as `"gzip"`. */
    readonly name: string
    /** May throw. */
    readonly compress: (bytes: Uint8Array) => Uint8Array | Effect.Effect<Uint8Array, E1>
    /** May throw; must not give more than `maxOutputLength` bytes, nor reserve much more. */
    readonly decompress: (bytes: Uint8Array, maxOutputLength: number) => Uint8Array | Effect.Effect<Uint8Array, E2>
    /** Bytes, compressed and not. Default: the serializer's. */
    readonly maxMessageBytes?: number
  }
): Serializer<Out, In, R> => withCompression(serializer, options)

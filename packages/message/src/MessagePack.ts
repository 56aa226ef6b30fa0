/**
 * MessagePack (https://msgpack.org) as a format of messages, by `@msgpack/msgpack`, which is an optional peer dependency:
 * install it beside this package. Not part of the index, so that nobody else needs it.
 *
 * @since 0.1.0
 */
import {
  decode,
  decodeTimestampExtension,
  Encoder,
  encodeTimestampExtension,
  ExtData,
  EXT_TIMESTAMP
} from "@msgpack/msgpack"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { Problem } from "./internal/faults.js"
import { limitOr } from "./internal/limit.js"
import { checkContainer, checkScalar, ownBytes } from "./internal/packedValues.js"
import { scan } from "./internal/scanPackedMessage.js"
import { withSchema } from "./internal/withSchema.js"
import { defaultMaxMessageBytes, make, type Serializer } from "./Serializer.js"

/**
 * An application's own type on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Extension {
  /** 0 to 127; negative ones are predefined. Beyond one byte: a `SerializeError`, since another would be written. */
  readonly type: number
  /** The bytes of a value that this extension is for; `undefined` for all others. May throw. */
  readonly encode: (value: unknown) => Uint8Array | undefined
  /** The value of bytes that a peer sent, which are the extension's to keep. May throw. */
  readonly decode: (bytes: Uint8Array) => unknown
}

/**
 * What MessagePack carries besides the values it has a form for, and how much of it. Give both ends the same.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Whether 64-bit integers are `bigint`. If not (the default), a `bigint` is a `SerializeError`, and a received integer
   * that a number cannot hold exactly is a `DeserializeError`. If so, a `bigint` travels as a 64-bit integer, every
   * 64-bit integer is received as a `bigint`, however small, and numbers beyond 32 bits travel as floats.
   */
  readonly bigint?: boolean
  /** The extension types that are understood; all others are a `DeserializeError`. Default: none. */
  readonly extensions?: ReadonlyArray<Extension>
  /** Levels of arrays and maps in one another, both ways. Default: 100. */
  readonly maxDepth?: number
  /** Bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number
}

/**
 * The predefined extension -1: `Date` objects, to the millisecond.
 *
 * @since 0.1.0
 * @category extensions
 */
export const timestamp: Extension = {
  type: EXT_TIMESTAMP,
  encode: (value) => {
    // It would arrive as 1970.
    if (value instanceof Date && Number.isNaN(value.getTime())) throw new Problem("a Date in it is invalid")
    return encodeTimestampExtension(value) ?? undefined
  },
  decode: decodeTimestampExtension
}

/**
 * MessagePack of anything it has a form for: `null`, booleans, numbers, strings, `Uint8Array`, arrays and plain objects.
 * Properties that are `undefined` are left out, as in JSON. A cycle, a function, a lone surrogate, or an object that would
 * arrive empty (a `Map`, a `Date` without its extension) is a `SerializeError`.
 *
 * What arrives is checked before anything is allocated for it: claimed lengths against the bytes that are here, depth,
 * UTF-8, extension types. The key `"__proto__"` is a `DeserializeError`. Received bytes are copies, unless they are at
 * least half of the chunk they came in.
 *
 * @example
 * import * as MessagePack from "@ductworks/message/MessagePack"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const format = MessagePack.messagePack({ extensions: [MessagePack.timestamp] })
 *   const payload = yield* format.encode({ at: new Date(0), thumbnail: new Uint8Array([1, 2, 3]) })
 *   if (typeof payload !== "string") console.log(yield* format.decode(payload))
 * })
 *
 * Effect.runSync(program)
 *
 * @since 0.1.0
 * @category serializers
 */
export const messagePack = (options: Options = {}): Serializer<unknown> => {
  const { bigint = false, extensions = [] } = options
  const maxDepth = limitOr(options.maxDepth, 100)
  /** What extensions have made: theirs, bytes included. */
  const foreign = new WeakSet()
  const extensionCodec = codecOf(extensions, foreign)
  const known = new Set(extensions.map((extension) => extension.type))
  const knowsExtension = (type: number) => known.has(type)
  // The encoder counts a scalar in a container as a level of its own.
  const encoderOptions = { extensionCodec, useBigInt64: bigint, maxDepth: maxDepth + 1, ignoreUndefined: true }
  let spare: Encoder | undefined
  return make<unknown>({
    name: "messagePack",
    maxMessageBytes: limitOr(options.maxMessageBytes, defaultMaxMessageBytes),
    encode: (message) => {
      if (message === undefined) throw new Problem("MessagePack has no form for undefined")
      checkScalar(message)
      // An encoder keeps its buffer for the next message, unless it failed or has grown.
      const encoder = spare ?? new Encoder(encoderOptions)
      spare = undefined
      const payload = encoder.encode(message)
      if (payload.length <= keptBytes) spare = encoder
      return payload
    },
    decode: (payload) => {
      const hasBytes = scan(payload, { maxDepth, bigint, knowsExtension })
      const max = payload.length
      const value = decode(payload, {
        maxStrLength: max,
        maxBinLength: max,
        maxArrayLength: max,
        maxMapLength: max,
        maxExtLength: max,
        extensionCodec,
        useBigInt64: bigint
      })
      return hasBytes ? ownBytes(value, foreign) : value
    }
  })
}

/**
 * MessagePack of messages of a Schema, both ways: {@link messagePack} under `Serializer.schema`.
 *
 * @since 0.1.0
 * @category serializers
 */
export const messagePackSchema = <A, I, R>(schema: Schema.Schema<A, I, R>, options?: Options): Serializer<A, A, R> =>
  withSchema(schema, messagePack(options))

const keptBytes = 64 * 1024

const checkType = (type: number): number => {
  if (new Int8Array([type])[0] !== type) throw new Problem(`${type} is no extension type: those are 0 to 127`)
  return type
}

/** Not the library's `ExtensionCodec`: that one knows timestamps unasked, and decodes unknown types to an `ExtData`. */
const codecOf = (extensions: ReadonlyArray<Extension>, foreign: WeakSet<object>) => ({
  // Called for everything but null, booleans, numbers and strings, and for each array and object before it is entered.
  tryToEncode: (value: unknown): ExtData | null => {
    for (const extension of extensions) {
      const bytes = extension.encode(value)
      if (bytes !== undefined) return new ExtData(checkType(extension.type), bytes)
    }
    checkContainer(value)
    return null
  },
  decode: (bytes: Uint8Array, type: number): unknown => {
    const extension = extensions.find((one) => one.type === type)
    if (extension === undefined) throw new Problem(`extension type ${type} has no codec here`)
    const value = extension.decode(new Uint8Array(bytes))
    if (Predicate.isObject(value)) foreign.add(value)
    return value
  }
})

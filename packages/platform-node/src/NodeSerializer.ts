/**
 * Formats that Node brings along: V8's structured clone, and compression around any other format.
 *
 * @since 0.1.0
 */
import { Unsupported } from "@ductworks/core/DuctError"
import * as Serializer from "@ductworks/message/Serializer"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { constants } from "node:buffer"
import * as v8 from "node:v8"
import * as zlib from "node:zlib"

/**
 * V8's structured clone: what `postMessage` can carry (`Map`, `Set`, `Date`, `BigInt`, `Error`, cycles, typed arrays).
 *
 * ONLY FOR PEERS THAT YOU TRUST as you trust your own program, such as a worker that you started. A payload tells V8 how
 * much memory to reserve: 13 bytes get 229 MiB of it, and `maxMessageBytes` is no help. Node says the same of
 * `v8.deserialize`. Node versions that are far apart may not read each other.
 *
 * A value that cannot be cloned (a function, a `Symbol`) is a `SerializeError`. Class instances arrive as plain objects.
 *
 * @example
 * import { MessageDuct } from "@ductworks/message"
 * import { NodeSerializer, NodeTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const [parent, child] = yield* MessageDuct.pair({ serializer: NodeSerializer.structuredCloneTrusted() })
 *   yield* parent.send(new Map([["a", 1n]]))
 *   console.log(yield* child.recv) // Map(1) { 'a' => 1n }
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))
 *
 * @since 0.1.0
 * @category serializers
 */
export const structuredCloneTrusted = (
  options: { readonly maxMessageBytes?: number } = {}
): Serializer.Serializer<unknown> =>
  Serializer.make<unknown>({
    name: "v8",
    encode: (message) => v8.serialize(message),
    // Typed arrays of the message become views of what is given here (lib/v8.js, _readHostObject). Of a payload that
    // is a small part of its chunk they would keep the whole chunk alive.
    decode: (payload): unknown =>
      v8.deserialize(payload.length * 2 >= payload.buffer.byteLength ? payload : new Uint8Array(payload)),
    ...options
  })

/**
 * How hard messages are compressed, and how long they may be. Only the sender's `level` counts: every level is read
 * alike.
 *
 * @since 0.1.0
 * @category models
 */
export interface CompressionOptions {
  /** From fast to small. gzip and deflate: 0 to 9, default 6; brotli: 0 to 11, default 4; zstd: 1 to 22, default 3. */
  readonly level?: number
  /** Bytes, compressed and not. Default: the serializer's. */
  readonly maxMessageBytes?: number
}

/**
 * gzip around the format. Messages are compressed one by one, on the calling thread: worth it from about a kilobyte up.
 *
 * Here and in the other three: `maxMessageBytes` holds for the message before and after compression. A payload that
 * would unpack to more is a `DeserializeError` as soon as it does, so a few bytes cannot take more memory than the limit;
 * so is one that is no such payload, is cut off, or goes on behind its end. A `level` out of range is a `SerializeError` at
 * the first send.
 *
 * @example
 * import { MessageDuct, Serializer } from "@ductworks/message"
 * import { NodeSerializer, NodeTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const [parent, child] = yield* MessageDuct.pair({ serializer: NodeSerializer.gzip(Serializer.json()) })
 *   yield* parent.send({ text: "lol".repeat(1_000) })
 *   console.log(yield* child.recv)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))
 *
 * @since 0.1.0
 * @category combinators
 */
export const gzip = <Out, In, R>(
  serializer: Serializer.Serializer<Out, In, R>,
  options: CompressionOptions = {}
): Serializer.Serializer<Out, In, R> =>
  compressed(serializer, options, {
    name: "gzip",
    levels: [0, 9],
    compress: (bytes) => zlib.gzipSync(bytes, levelOf(options)),
    decompress: (bytes, limit) => zlib.gunzipSync(bytes, limit)
  })

/**
 * zlib's format (RFC 1950, which HTTP calls deflate) around the format: 12 bytes a message less than {@link gzip}.
 *
 * @since 0.1.0
 * @category combinators
 */
export const deflate = <Out, In, R>(
  serializer: Serializer.Serializer<Out, In, R>,
  options: CompressionOptions = {}
): Serializer.Serializer<Out, In, R> =>
  compressed(serializer, options, {
    name: "deflate",
    levels: [0, 9],
    compress: (bytes) => zlib.deflateSync(bytes, levelOf(options)),
    decompress: (bytes, limit) => zlib.inflateSync(bytes, limit)
  })

/**
 * Brotli around the format; see {@link gzip}. Node's own default level, 11, is made for files that are compressed once.
 *
 * @since 0.1.0
 * @category combinators
 */
export const brotli = <Out, In, R>(
  serializer: Serializer.Serializer<Out, In, R>,
  options: CompressionOptions = {}
): Serializer.Serializer<Out, In, R> =>
  compressed(serializer, options, {
    name: "brotli",
    levels: [0, 11],
    compress: (bytes) =>
      zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: options.level ?? 4 } }),
    decompress: (bytes, limit) => zlib.brotliDecompressSync(bytes, limit)
  })

/**
 * Zstandard around the format; see {@link gzip}. Needs Node 22.15, 23.8 or later: `Unsupported` elsewhere. Effect's
 * `Effect.orElseSucceed(() => NodeSerializer.gzip(serializer))` falls back, if both ends do so.
 *
 * @since 0.1.0
 * @category combinators
 */
export const zstd = <Out, In, R>(
  serializer: Serializer.Serializer<Out, In, R>,
  options: CompressionOptions = {}
): Effect.Effect<Serializer.Serializer<Out, In, R>, Unsupported> =>
  Effect.suspend(() => {
    // Not in the type definitions of the oldest Node that is supported.
    const compress: unknown = Reflect.get(zlib, "zstdCompressSync")
    const decompress: unknown = Reflect.get(zlib, "zstdDecompressSync")
    const parameter: unknown = Reflect.get(zlib.constants, "ZSTD_c_compressionLevel")
    if (!isZlibFunction(compress) || !isZlibFunction(decompress) || !Predicate.isNumber(parameter)) {
      const problem = `Node ${process.versions.node} has no zstd (22.15 and 23.8 brought it); use gzip or brotli`
      return new Unsupported({ operation: "zstd", problem })
    }
    return Effect.succeed(
      compressed(serializer, options, {
        name: "zstd",
        levels: [1, 22],
        compress: (bytes) => compress(bytes, { params: { [parameter]: options.level ?? 3 } }),
        decompress
      })
    )
  })

interface Limit {
  readonly maxOutputLength: number
  /** With it Node gives its engine along, which has counted the bytes that it took. */
  readonly info: true
}

interface Codec {
  readonly name: string
  /** The lowest and the highest. */
  readonly levels: readonly [number, number]
  readonly compress: (bytes: Uint8Array) => Uint8Array
  readonly decompress: (bytes: Uint8Array, limit: Limit) => unknown
}

const compressed = <Out, In, R>(
  serializer: Serializer.Serializer<Out, In, R>,
  options: CompressionOptions,
  codec: Codec
): Serializer.Serializer<Out, In, R> =>
  Serializer.compressed(serializer, {
    name: codec.name,
    compress: (bytes) => {
      checkLevel(options.level, codec.levels)
      return codec.compress(bytes)
    },
    // Node accepts 1 to the largest Buffer.
    decompress: (bytes, limit) =>
      allOf(
        bytes,
        codec.decompress(bytes, { maxOutputLength: Math.max(1, Math.min(limit, constants.MAX_LENGTH)), info: true })
      ),
    ...(options.maxMessageBytes === undefined ? {} : { maxMessageBytes: options.maxMessageBytes })
  })

// Node stops at the end of the compressed data and drops what follows; behind gzip's it looks for another member.
const allOf = (payload: Uint8Array, unpacked: unknown): Uint8Array => {
  if (!isUnpacked(unpacked)) throw new Error("this Node's zlib knows no `info`")
  const left = payload.length - unpacked.engine.bytesWritten
  if (left > 0) throw new RangeError(`${left} bytes follow the end of the compressed data`)
  return unpacked.buffer
}

const isUnpacked = (
  u: unknown
): u is { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } } =>
  Predicate.hasProperty(u, "buffer") &&
  u.buffer instanceof Uint8Array &&
  Predicate.hasProperty(u, "engine") &&
  Predicate.hasProperty(u.engine, "bytesWritten") &&
  Predicate.isNumber(u.engine.bytesWritten)

// Brotli would take any number, and others a few that are no level.
const checkLevel = (level: number | undefined, [lowest, highest]: Codec["levels"]): void => {
  if (level === undefined || (Number.isInteger(level) && level >= lowest && level <= highest)) return
  throw new RangeError(`the level must be a whole number from ${lowest} to ${highest}, not ${level}`)
}

const levelOf = (options: CompressionOptions): { readonly level?: number } =>
  options.level === undefined ? {} : { level: options.level }

const isZlibFunction = (u: unknown): u is (bytes: Uint8Array, options: object) => Uint8Array => Predicate.isFunction(u)

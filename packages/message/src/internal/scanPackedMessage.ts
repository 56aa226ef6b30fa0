/** A look at a MessagePack payload before it is decoded. Nothing is allocated; the time is linear. */
import { Problem } from "./faults.js"

export interface ScanOptions {
  readonly maxDepth: number
  /** Whether integers come out as `bigint`; if not, one that a number cannot hold exactly is a problem. */
  readonly bigint: boolean
  /** Whether an extension of this type has a codec. */
  readonly knowsExtension: (type: number) => boolean
}

/**
 * Throws a {@link Problem} unless the payload is one whole value that can be decoded without harm. Returns whether there
 * are bytes in it (bin), which the decoder would return as views of the payload.
 *
 * The decoder allocates an array from its claimed length as soon as it reads it. A limit on that length is not enough:
 * with the payload's length as the limit, a 1 MiB payload of nested array headers, each of 5 bytes, each claiming a
 * million elements, has it allocate 8 MiB two hundred thousand times. Here every element that was claimed and is still to
 * come must be backed by a byte that is still to come, so that all arrays together have fewer elements than the payload
 * has bytes.
 */
export const scan = (payload: Uint8Array, options: ScanOptions): boolean => {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  /** Values still to come in each open container. */
  const open: Array<number> = []
  let toCome = 1
  /** The sum of all of them. */
  let claimed = 1
  let at = 0
  let hasBytes = false
  while (claimed > 0) {
    while (toCome === 0) toCome = open.pop() ?? 0
    if (claimed > payload.length - at) throw new Problem(truncated)
    const type = payload[at] ?? 0
    at += 1
    toCome -= 1
    claimed -= 1
    const body = bodyOf(type)
    if (body === undefined) throw new Problem(`0x${type.toString(16)} is no MessagePack type`)
    if (body.lengthBytes > payload.length - at) throw new Problem(truncated)
    const length = body.lengthBytes === 0 ? body.length : readLength(view, at, body.lengthBytes)
    at += body.lengthBytes
    switch (body.kind) {
      case "array":
      case "map": {
        const values = body.kind === "map" ? length * 2 : length
        if (values === 0) break
        open.push(toCome)
        if (open.length > options.maxDepth) throw new Problem(`it is nested deeper than ${options.maxDepth} levels`)
        toCome = values
        claimed += values
        break
      }
      case "extension": {
        if (length + 1 > payload.length - at) throw new Problem(truncated)
        const extension = view.getInt8(at)
        if (!options.knowsExtension(extension)) throw new Problem(`extension type ${extension} has no codec here`)
        at += length + 1
        break
      }
      default:
        if (length > payload.length - at) throw new Problem(truncated)
        if (body.kind === "integer64" && !options.bigint) checkSafe(view, at, type)
        if (body.kind === "text") checkUtf8(payload, at, at + length)
        if (body.kind === "bytes") hasBytes = true
        at += length
    }
  }
  if (at < payload.length) throw new Problem(`${payload.length - at} bytes follow the value`)
  return hasBytes
}

const truncated = "it ends before its value does"

interface Body {
  readonly kind: "number" | "integer64" | "text" | "bytes" | "array" | "map" | "extension"
  /** Bytes of the length that follows; where there are none, `length` is the length. */
  readonly lengthBytes: 0 | 1 | 2 | 4
  readonly length: number
}

const fixed = (length: number): Body => ({ kind: "number", lengthBytes: 0, length })
const sized = (kind: Body["kind"], lengthBytes: Body["lengthBytes"]): Body => ({ kind, lengthBytes, length: 0 })
const extension = (length: number): Body => ({ kind: "extension", lengthBytes: 0, length })
const integer64: Body = { kind: "integer64", lengthBytes: 0, length: 8 }

/** 0xc0 to 0xdf of https://github.com/msgpack/msgpack/blob/master/spec.md, in order. */
const named: ReadonlyArray<Body | undefined> = [
  ...[fixed(0), undefined, fixed(0), fixed(0)], // nil, never used, false, true
  ...[sized("bytes", 1), sized("bytes", 2), sized("bytes", 4)],
  ...[sized("extension", 1), sized("extension", 2), sized("extension", 4)],
  ...[fixed(4), fixed(8)], // float
  ...[fixed(1), fixed(2), fixed(4), integer64], // uint
  ...[fixed(1), fixed(2), fixed(4), integer64], // int
  ...[extension(1), extension(2), extension(4), extension(8), extension(16)],
  ...[sized("text", 1), sized("text", 2), sized("text", 4)],
  ...[sized("array", 2), sized("array", 4), sized("map", 2), sized("map", 4)]
]

/** The 256 type bytes. */
const bodies: ReadonlyArray<Body | undefined> = Array.from({ length: 256 }, (_, type) => {
  if (type < 0x80 || type >= 0xe0) return fixed(0)
  if (type < 0x90) return { kind: "map", lengthBytes: 0, length: type - 0x80 }
  if (type < 0xa0) return { kind: "array", lengthBytes: 0, length: type - 0x90 }
  if (type < 0xc0) return { kind: "text", lengthBytes: 0, length: type - 0xa0 }
  return named[type - 0xc0]
})

const bodyOf = (type: number): Body | undefined => bodies[type]

const readLength = (view: DataView, at: number, bytes: 1 | 2 | 4): number =>
  bytes === 1 ? view.getUint8(at) : bytes === 2 ? view.getUint16(at) : view.getUint32(at)

const checkSafe = (view: DataView, at: number, type: number): void => {
  const value = type === 0xcf ? view.getBigUint64(at) : view.getBigInt64(at)
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
    throw new Problem("it has an integer that a number cannot hold exactly; decode with { bigint: true }")
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The decoder makes something up for bad UTF-8, for short strings other things than for long ones. */
const checkUtf8 = (payload: Uint8Array, from: number, to: number): void => {
  for (let i = from; i < to; i++) {
    if ((payload[i] ?? 0) < 0x80) continue
    try {
      utf8.decode(payload.subarray(i, to))
      return
    } catch {
      throw new Problem("a string in it is not utf-8")
    }
  }
}

import type { Framing } from "../../Framing.js"

type Decoder = Framing["decoder"]

/** The payload, if the bytes are one frame and nothing else, and it is within the limit. */
export type Whole = (bytes: Uint8Array, limit: number) => Uint8Array | undefined

const key: unique symbol = Symbol("ductworks/whole")

/**
 * Most often one frame comes alone, and needs no decoder. What sees that stands at the function that makes decoders, and not
 * at its framing: one that is copied with another has none.
 */
export const withWhole = (whole: Whole, decoder: Decoder): Decoder => Object.assign(decoder, { [key]: whole })

const sees = (decoder: Decoder): decoder is Decoder & { readonly [key]: Whole } => key in decoder

export const wholeOf = (decoder: Decoder): Whole => (sees(decoder) ? decoder[key] : none)

const none: Whole = () => undefined

/** Of a magic byte or none, a 32-bit length, the payload. */
export const prefixed =
  (magic: number | undefined): Whole =>
  (bytes, limit) => {
    const headerBytes = magic === undefined ? 4 : 5
    const size = bytes.length - headerBytes
    if (size < 0 || size > limit || (magic !== undefined && bytes[0] !== magic)) return undefined
    const at = headerBytes - 4
    const told =
      ((byte(bytes, at) << 24) | (byte(bytes, at + 1) << 16) | (byte(bytes, at + 2) << 8) | byte(bytes, at + 3)) >>> 0
    return told === size ? new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, size) : undefined
  }

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0

/** Of a payload and a newline. */
export const ended =
  (newline: number): Whole =>
  (bytes, limit) => {
    const end = bytes.length - 1
    return end >= 0 && end <= limit && bytes.indexOf(newline) === end ? bytes.subarray(0, end) : undefined
  }

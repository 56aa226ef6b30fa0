/**
 * How a stream of bytes is cut into messages, without any I/O: bytes in, frames or one fault out. Imports nothing but
 * its own parts, which import nothing else either.
 *
 * @since 0.1.0
 */
import { LineDecoder } from "./internal/framing/lineDecoder.js"
import { PrefixDecoder } from "./internal/framing/prefixDecoder.js"
import { promising } from "./internal/framing/seals.js"
import { ended, prefixed, withWhole } from "./internal/framing/whole.js"

/**
 * Why a stream cannot be cut any further.
 *
 * @since 0.1.0
 * @category models
 */
export type Fault =
  | { readonly _tag: "BadMagic"; readonly expected: number; readonly received: number }
  | { readonly _tag: "TooLarge"; readonly size: number; readonly limit: number }

/**
 * The receiving side of one stream. Any chunking of the same bytes gives the same frames. It never holds more than the
 * bytes received and one header, and never allocates from a length that it has not checked against the limit. Room that
 * it was asked for is at most 1 MiB, or sixteen times what has been received.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoder {
  /**
   * Adds bytes, which the decoder owns from here on; frames may be views of them. It also owns so many bytes behind them, in
   * the same memory, as are `free` (default: none), for {@link Decoder.room}.
   */
  readonly push: (chunk: Uint8Array, free?: number) => void
  /** The payload of the next whole frame; `undefined` until more bytes come; the fault, for ever, once there was one. */
  readonly next: () => Uint8Array | Fault | undefined
  /**
   * The frame that has begun and is not whole: bytes of it that are here, and bytes it will have (header and trailer
   * included), as far as that is known; `undefined` between frames. Meaningful after `next` returned `undefined`.
   */
  readonly partial: () => { readonly received: number; readonly expected: number } | undefined
  /**
   * Room for the next bytes of a large frame that has begun, so that they can be read straight into its payload:
   * {@link Decoder.filled} says how many came. `undefined` where there is nothing to gain. Like `partial`, meaningful
   * after `next` returned `undefined`. The room is used before anything else is done with the decoder.
   */
  readonly room?: () => Uint8Array | undefined
  /** So many bytes of the start of `room` have come. */
  readonly filled?: (count: number) => void
  /**
   * Consumes the next whole frames, as many as stand in one piece, and copies them to the start of the target as they
   * came, header, payload and trailer. The sizes of their payloads; none where copying is not worth it, or where `next`
   * would not give a frame.
   */
  readonly copyFrames?: (target: Uint8Array) => ReadonlyArray<number>
  /** The payload that `next` gave last is needed no more: its memory may get that of a later one, of any stream. */
  readonly reuse?: (payload: Uint8Array) => void
  /**
   * Whether it is as one that was just made: it holds nothing and remembers nothing. Then a duct lets go of it, and it may get
   * another stream. Like `partial`, meaningful after `next` returned `undefined`. Left out, a stream keeps its decoder.
   */
  readonly isFresh?: () => boolean
}

/**
 * One way to cut a stream into payloads. It is a description without state, so that one value serves any number of
 * ducts; what belongs to a stream is in its {@link Decoder}. Nothing in it throws.
 *
 * @since 0.1.0
 * @category models
 */
export interface Framing {
  readonly name: string
  /** Bytes before each payload. */
  readonly headerBytes: number
  /** Bytes after each payload. */
  readonly trailerBytes: number
  /** The largest payload the header can tell of. */
  readonly maxPayloadBytes: number
  /**
   * Completes a frame in place: the payload of `length` bytes stands at `offset + headerBytes` of the target. Returns
   * what is wrong when the payload cannot be carried (a newline in a line).
   */
  readonly seal: (target: Uint8Array, offset: number, length: number) => string | undefined
  /**
   * A decoder for one stream. `limit`: the largest payload that is accepted, in bytes. `memory` gives so many bytes, the
   * whole of an `ArrayBuffer` of their own, with anything in them, for what is read straight into a payload; default
   * `new Uint8Array(size)`.
   */
  readonly decoder: (limit: number, memory?: (size: number) => Uint8Array) => Decoder
}

/**
 * The byte that begins every frame of {@link ductworks}: `"T"`.
 *
 * @since 0.1.0
 * @category constants
 */
export const magicByte = 0x54

const prefix = { isHeaderOnly: true, carries: () => true }

/**
 * The wire of ductworks: `0x54`, the payload's length as an unsigned 32-bit big-endian number, the payload. A payload
 * may be empty. Any other first byte is a `BadMagic`, reported as soon as that one byte is here.
 *
 * @example
 * import { Framing } from "@ductworks/message"
 *
 * const frame = new Uint8Array(5 + 2)
 * frame.set([0x68, 0x69], 5) // "hi"
 * Framing.ductworks.seal(frame, 0, 2)
 * console.log(frame) // 54 00 00 00 02 68 69
 *
 * const decoder = Framing.ductworks.decoder(1024)
 * decoder.push(frame.subarray(0, 4))
 * console.log(decoder.next()) // undefined: the header is not whole
 * decoder.push(frame.subarray(4))
 * console.log(decoder.next()) // 68 69
 *
 * @since 0.1.0
 * @category framings
 */
export const ductworks: Framing = {
  name: "ductworks",
  headerBytes: 5,
  trailerBytes: 0,
  maxPayloadBytes: 0xffffffff,
  seal: promising(prefix, (target, offset, length) => {
    if (length > 0xffffffff) return tooLong
    target[offset] = magicByte
    setUint32(target, offset + 1, length)
    return undefined
  }),
  decoder: withWhole(prefixed(magicByte), (limit, memory) => new PrefixDecoder(magicByte, limit, memory))
}

/**
 * The payload's length as an unsigned 32-bit big-endian number, then the payload. A stream that is out of step cannot
 * be told from a good one, except by a length over the limit.
 *
 * @since 0.1.0
 * @category framings
 */
export const lengthPrefix32: Framing = {
  name: "lengthPrefix32",
  headerBytes: 4,
  trailerBytes: 0,
  maxPayloadBytes: 0xffffffff,
  seal: promising(prefix, (target, offset, length) => {
    if (length > 0xffffffff) return tooLong
    setUint32(target, offset, length)
    return undefined
  }),
  decoder: withWhole(prefixed(undefined), (limit, memory) => new PrefixDecoder(undefined, limit, memory))
}

/** Not of the decoder, which is given it: `seal` compares every byte, and an import costs it half as much again (measured). */
const NEWLINE = 0x0a

/**
 * A payload and a newline (0x0a). A carriage return before the newline belongs to the payload. The limit bounds an
 * unfinished line too; the `size` of its `TooLarge` is one more than the limit, since nobody knows how long it would
 * have become. Bytes after the last newline are a partial frame, never a message.
 *
 * @since 0.1.0
 * @category framings
 */
export const lines: Framing = {
  name: "lines",
  headerBytes: 0,
  trailerBytes: 1,
  maxPayloadBytes: Number.MAX_SAFE_INTEGER,
  seal: promising({ isHeaderOnly: false, carries: (text) => !text.includes("\n") }, (target, offset, length) => {
    const end = offset + length
    for (let i = offset; i < end; i++) {
      if (target[i] === NEWLINE) return `a line cannot carry a newline, and byte ${i - offset} of the payload is one`
    }
    target[end] = NEWLINE
    return undefined
  }),
  decoder: withWhole(ended(NEWLINE), (limit) => new LineDecoder(NEWLINE, limit))
}

const tooLong = "a payload of 4 GiB or more does not fit the 32-bit length of the header"

const setUint32 = (target: Uint8Array, offset: number, value: number): void => {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

/**
 * How a stream of bytes is cut into messages, without any I/O: bytes in, frames or one fault out. Imports nothing.
 *
 * @since 0.1.0
 */

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
 * bytes received and one header, and never allocates from a length that it has not checked against the limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoder {
  /** Adds bytes, which the decoder owns from here on; frames may be views of them. */
  readonly push: (chunk: Uint8Array) => void
  /** The payload of the next whole frame; `undefined` until more bytes come; the fault, for ever, once there was one. */
  readonly next: () => Uint8Array | Fault | undefined
  /**
   * The frame that has begun and is not whole: bytes of it that are here, and bytes it will have (header and trailer
   * included), as far as that is known; `undefined` between frames. Meaningful after `next` returned `undefined`.
   */
  readonly partial: () => { readonly received: number; readonly expected: number } | undefined
}

/**
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
  /** A decoder for one stream. `limit`: the largest payload that is accepted, in bytes. */
  readonly decoder: (limit: number) => Decoder
}

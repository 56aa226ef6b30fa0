/** Text to bytes and back (measured: `TextDecoder` is as fast as Node's `Buffer.utf8Slice`). */
import { Problem } from "./faults.js"
import { decodeWide } from "./wideText.js"

export type Encoding = "utf-8" | "utf-16le" | "latin1" | "ascii"

export type Decoding = "replace" | "strict"

/** Both throw a {@link Problem}. UTF-8 is not encoded here: the duct writes text in place. */
export interface TextCodec {
  readonly encode: (text: string) => Uint8Array | string
  readonly decode: (bytes: Uint8Array) => string
}

export const textCodec = (encoding: Encoding, decoding: Decoding): TextCodec => {
  switch (encoding) {
    case "utf-8":
      return { encode: (text) => text, decode: unicode(encoding, decoding) }
    case "utf-16le":
      return { encode: encodeUtf16, decode: unicode(encoding, decoding) }
    // Not `TextDecoder("latin1")`: by the WHATWG's table of labels that is windows-1252, where 0x80 is the euro sign, and
    // Node 20 takes it for ISO-8859-1 all the same.
    case "latin1":
      return { encode: (text) => encodeUnits(text, 0xff, encoding), decode: decodeUnits }
    case "ascii":
      return {
        encode: (text) => encodeUnits(text, 0x7f, encoding),
        decode: (bytes) => {
          const text = decodeUnits(bytes)
          if (!beyondAscii.test(text)) return text
          if (decoding === "strict") throw new Problem("the payload is not ascii")
          return text.replace(new RegExp(beyondAscii, "g"), "\ufffd")
        }
      }
  }
}

/** `ignoreBOM` means that a byte order mark is kept, as part of the text it was sent in. */
const unicode = (encoding: "utf-8" | "utf-16le", decoding: Decoding) => {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true, fatal: decoding === "strict" })
  return (bytes: Uint8Array): string => {
    try {
      return (encoding === "utf-8" ? decodeWide(bytes) : undefined) ?? decoder.decode(bytes, allAtOnce)
    } catch (thrown) {
      // A `TypeError` is what the standard names for bad bytes; anything else is the engine's limit of a string.
      throw new Problem(
        thrown instanceof TypeError ? `the payload is not ${encoding}` : "the payload is longer than a string can be"
      )
    }
  }
}

// Node's default is an object without a prototype, in which V8 looks for its property as in a hash table.
const allAtOnce = { stream: false }

const beyondAscii = /[\u0080-\u00ff]/

const encodeUtf16 = (text: string): Uint8Array => {
  if (!text.isWellFormed()) throw new Problem("the text has a lone surrogate")
  const bytes = new Uint8Array(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[2 * i] = unit
    bytes[2 * i + 1] = unit >>> 8
  }
  return bytes
}

const encodeUnits = (text: string, max: number, encoding: Encoding): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > max) throw new Problem(`the text has a character that ${encoding} does not have, at ${i}`)
    bytes[i] = unit
  }
  return bytes
}

/** In pieces, because the arguments of one call live on the stack. */
const decodeUnits = (bytes: Uint8Array): string => {
  let text = ""
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return text
}

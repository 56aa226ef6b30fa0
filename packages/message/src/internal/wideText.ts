/**
 * UTF-8 into text that is mostly beyond Latin-1. V8's `TextDecoder` looks at each such character several times (Node 20:
 * 2 ms for 768 KiB); here it is done once, into memory that is used again, and the text made of its code units.
 */
import { nodeBuffer } from "./nodeBuffer.js"

// Smaller texts are decoded in no time either way; of larger ones the code units would take more than 2 MiB of the thread.
const least = 16 * 1024
const most = 1024 * 1024

let units = new Uint16Array(0)

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The text; `undefined` if that is better left to `TextDecoder`, as what is not UTF-8 is. */
export const decodeWide = (bytes: Uint8Array): string | undefined => {
  if (bytes.length < least || bytes.length > most || !isLittleEndian || !isWide(bytes)) return undefined
  if (units.length < bytes.length + padding) units = new Uint16Array(bytes.length + padding)
  const count = decodeInto(bytes, units)
  return count === undefined ? undefined : toText(units, count)
}

/** By a sample from the middle, of which a sixteenth begins a character beyond Latin-1. */
const isWide = (bytes: Uint8Array): boolean => {
  let wide = 0
  const middle = bytes.length >>> 1
  for (let i = middle; i < middle + 1024; i++) if ((bytes[i] ?? 0) > 0xc3) wide++
  return wide >= 64
}

/**
 * Up to how many code units there are then; `undefined` if the bytes are not UTF-8. Four bytes are read at once, so that
 * one comparison tells whether a character is whole, and four letters of ASCII are seen together.
 */
const decodeInto = (bytes: Uint8Array, out: Uint16Array, from = 0): number | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const last = bytes.length - 4
  let to = from
  let i = 0
  while (i <= last) {
    const word = view.getInt32(i, true)
    if ((word & 0x80808080) === 0) {
      out[to] = word & 0xff
      out[to + 1] = (word >> 8) & 0xff
      out[to + 2] = (word >> 16) & 0xff
      out[to + 3] = word >>> 24
      to += 4
      i += 4
    } else if ((word & 0x8080) === 0) {
      out[to] = word & 0xff
      out[to + 1] = (word >> 8) & 0xff
      out[to + 2] = (word >> 16) & 0xff
      const count = (word & 0x800000) === 0 ? 3 : 2
      to += count
      i += count
    } else if ((word & 0x80) === 0) {
      out[to++] = word & 0xff
      i += 1
    } else if ((word & 0xc0c0f0) === 0x8080e0) {
      const unit = ((word & 0x0f) << 12) | ((word >> 2) & 0xfc0) | ((word >> 16) & 0x3f)
      // Longer than it has to be, or half a character.
      if (unit < 0x800 || (unit & 0xf800) === 0xd800) return undefined
      out[to++] = unit
      i += 3
    } else if ((word & 0xc0e0) === 0x80c0) {
      if ((word & 0x1e) === 0) return undefined
      out[to] = ((word & 0x1f) << 6) | ((word >> 8) & 0x3f)
      // Mostly another one follows.
      if ((word & 0xc0e00000) === (0x80c00000 | 0)) {
        if ((word & 0x1e0000) === 0) return undefined
        out[to + 1] = ((word >> 10) & 0x7c0) | ((word >> 24) & 0x3f)
        to += 2
        i += 4
      } else {
        to += 1
        i += 2
      }
    } else {
      if ((word & 0xc0c0c0f8) !== (0x808080f0 | 0)) return undefined
      const point = ((word & 7) << 18) | ((word << 4) & 0x3f000) | ((word >> 10) & 0xfc0) | ((word >> 24) & 0x3f)
      if (point < 0x10000 || point > 0x10ffff) return undefined
      out[to++] = 0xd7c0 + (point >>> 10)
      out[to++] = 0xdc00 | (point & 0x3ff)
      i += 4
    }
  }
  return i === bytes.length ? to : decodeRest(bytes.subarray(i), out, to)
}

/** The last one to three bytes, with zeros behind them, which continue nothing and are a code unit each. */
const decodeRest = (bytes: Uint8Array, out: Uint16Array, from: number): number | undefined => {
  const padded = new Uint8Array(padding)
  padded.set(bytes)
  const to = decodeInto(padded, out, from)
  return to === undefined ? undefined : to - (padding - bytes.length)
}

const padding = 8

const decoder = new TextDecoder("utf-16le", { ignoreBOM: true })

const toText = ({ buffer }: Uint16Array, count: number): string =>
  nodeBuffer(buffer, 0, 2 * count)?.toString("utf16le") ?? decoder.decode(new Uint8Array(buffer, 0, 2 * count))

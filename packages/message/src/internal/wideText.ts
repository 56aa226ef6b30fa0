/**
 * UTF-8 into text that is mostly beyond Latin-1. V8's `TextDecoder` looks at each such character several times (Node 20:
 * 2 ms for 768 KiB); here it is done once, into memory that is used again, and the text made of its code units.
 */
import * as Predicate from "effect/Predicate"

// Smaller texts are decoded in no time either way; of larger ones the code units would take more than 2 MiB of the thread.
const least = 16 * 1024
const most = 1024 * 1024

let units = new Uint16Array(0)

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The text; `undefined` if that is better left to `TextDecoder`, as what is not UTF-8 is. */
export const decodeWide = (bytes: Uint8Array): string | undefined => {
  if (bytes.length < least || bytes.length > most || !isLittleEndian || !isWide(bytes)) return undefined
  if (units.length < bytes.length) units = new Uint16Array(bytes.length)
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

/** How many code units; `undefined` if the bytes are not UTF-8. There is room for a unit a byte. */
const decodeInto = (bytes: Uint8Array, out: Uint16Array): number | undefined => {
  const end = bytes.length
  let to = 0
  for (let i = 0; i < end;) {
    const first = bytes[i] ?? 0
    if (first < 0x80) {
      out[to++] = first
      i += 1
      continue
    }
    // Past the end there is 0, which continues nothing.
    const second = bytes[i + 1] ?? 0
    if ((second & 0xc0) !== 0x80) return undefined
    if (first < 0xe0) {
      if (first < 0xc2) return undefined
      out[to++] = ((first & 0x1f) << 6) | (second & 0x3f)
      i += 2
      continue
    }
    const third = bytes[i + 2] ?? 0
    if ((third & 0xc0) !== 0x80) return undefined
    if (first < 0xf0) {
      const unit = ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f)
      // Longer than it has to be, or half a character.
      if (unit < 0x800 || (unit & 0xf800) === 0xd800) return undefined
      out[to++] = unit
      i += 3
      continue
    }
    const fourth = bytes[i + 3] ?? 0
    if ((fourth & 0xc0) !== 0x80) return undefined
    const point = ((first & 0x0f) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (fourth & 0x3f)
    if (first > 0xf4 || point < 0x10000 || point > 0x10ffff) return undefined
    out[to++] = 0xd7c0 + (point >>> 10)
    out[to++] = 0xdc00 | (point & 0x3ff)
    i += 4
  }
  return to
}

const decoder = new TextDecoder("utf-16le", { ignoreBOM: true })

interface Buffers {
  readonly from: (buffer: ArrayBufferLike, offset: number, length: number) => { toString(encoding: string): string }
}

const isBuffers = (value: unknown): value is Buffers =>
  Predicate.hasProperty(value, "from") && typeof value.from === "function"

/** Node's `Buffer`, which does it in half the time, where there is one. */
const nodes: unknown = Reflect.get(globalThis, "Buffer")
const buffers = isBuffers(nodes) ? nodes : undefined

const toText = ({ buffer }: Uint16Array, count: number): string =>
  buffers === undefined
    ? decoder.decode(new Uint8Array(buffer, 0, 2 * count))
    : buffers.from(buffer, 0, 2 * count).toString("utf16le")

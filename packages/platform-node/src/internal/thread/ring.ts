/**
 * One direction of a byte stream in shared memory: a ring with one writer and one reader. Counts run on for ever, modulo
 * 2³²; the ring's length is a power of two, so that a place is a count's lower bits.
 */

/** Words of 4 bytes. Each word that one side writes often has 128 bytes of its own: a cache line and its prefetched twin. */
const words = { written: 0, read: 32, end: 64, deaf: 65, total: 96 }

/** How a direction ended, as its writer (`end`) or its reader (`deaf`) says. */
export const state = { open: 0, closed: 1, reset: 2 }

export const headerBytes = words.total * 4

export class Ring {
  private readonly control: Int32Array
  private readonly bytes: Uint8Array
  private readonly mask: number

  /** @param length a power of two from 64 to 2³⁰ */
  constructor(memory: SharedArrayBuffer, offset: number, length: number) {
    this.control = new Int32Array(memory, offset, words.total)
    this.bytes = new Uint8Array(memory, offset + headerBytes, length)
    this.mask = length - 1
  }

  /** Bytes written and not read; at most the ring's length, whatever the other side says. */
  size(): number {
    const size = (Atomics.load(this.control, words.written) - Atomics.load(this.control, words.read)) >>> 0
    return Math.min(size, this.bytes.length)
  }

  /** Copies as much of the chunk as there is room for; how many bytes. */
  write(chunk: Uint8Array): number {
    const length = Math.min(chunk.length, this.bytes.length - this.size())
    if (length === 0) return 0
    const written = Atomics.load(this.control, words.written)
    const at = written & this.mask
    const first = Math.min(length, this.bytes.length - at)
    if (length === chunk.length && first === length) this.bytes.set(chunk, at)
    else {
      this.bytes.set(chunk.subarray(0, first), at)
      this.bytes.set(chunk.subarray(first, length), 0)
    }
    Atomics.store(this.control, words.written, (written + length) | 0)
    return length
  }

  /** A copy of the first `length` bytes, at most {@link size}, which are then free to be written again. */
  read(length: number): Uint8Array {
    const read = Atomics.load(this.control, words.read)
    const at = read & this.mask
    const first = Math.min(length, this.bytes.length - at)
    const chunk = new Uint8Array(length)
    chunk.set(this.bytes.subarray(at, at + first))
    if (first < length) chunk.set(this.bytes.subarray(0, length - first), first)
    Atomics.store(this.control, words.read, (read + length) | 0)
    return chunk
  }

  /** What the writer said last. Bytes that were written before can still be read. */
  get end(): number {
    return Atomics.load(this.control, words.end)
  }

  set end(value: number) {
    Atomics.store(this.control, words.end, value)
  }

  /** What the reader said last: once it is not open, nothing that is written will be read. */
  get deaf(): number {
    return Atomics.load(this.control, words.deaf)
  }

  set deaf(value: number) {
    Atomics.store(this.control, words.deaf, value)
  }
}

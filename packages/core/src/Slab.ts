/**
 * Memory for what leaves soon: one slab a thread, shared by all ducts, so that an idle duct owns none. What was taken of it
 * stands side by side, and nothing is written twice in one slab, because what was lent to a connection may not have left
 * yet. When a slab is full the next one takes its place, and the old one goes with the last that lies in it.
 *
 * @since 0.1.0
 */
import type { Chunks } from "./Connection.js"
import { unfilled } from "./internal/unfilled.js"

const slabBytes = 64 * 1024

/**
 * 16 KiB: the most that is taken at once, since what waits to leave keeps its whole slab alive.
 *
 * @since 0.1.0
 * @category constants
 */
export const largest: number = 16 * 1024

let slab = new Uint8Array(slabBytes)
let slabBuffer = slab.buffer
let used = 0

/**
 * Memory with room for at most `size` bytes, {@link largest} at most, from {@link startOf} on, taken with {@link settle}.
 *
 * @since 0.1.0
 * @category memory
 */
export const room = (size: number): Uint8Array => {
  if (used + size > slabBytes) {
    slab = new Uint8Array(slabBytes)
    slabBuffer = slab.buffer
    used = 0
  }
  return slab
}

/**
 * Where the room in the memory begins.
 *
 * @since 0.1.0
 * @category memory
 */
export const startOf = (memory: Uint8Array): number => (memory === slab ? used : 0)

/**
 * What was taken ends at `end`: what comes after it is free again.
 *
 * @since 0.1.0
 * @category memory
 */
export const settle = (memory: Uint8Array, end: number): void => {
  if (memory === slab) used = end
}

/**
 * `memory.subarray(start, end)`, with `0 <= start <= end <= memory.length`, in less time where the memory is the slab.
 *
 * @since 0.1.0
 * @category memory
 */
export const part = (memory: Uint8Array, start: number, end: number): Uint8Array =>
  memory === slab ? new Uint8Array(slabBuffer, start, end - start) : memory.subarray(start, end)

/**
 * The chunks, which are `total` bytes, in one piece that nobody will change: in a slab, or in memory of its own where it is
 * too large for that. (Memory of its own costs more even for few bytes: those V8 keeps on its heap, and moves them out of it
 * when the system is to read them.)
 *
 * @since 0.1.0
 * @category memory
 */
export const copyOf = (chunks: Chunks, total: number): Uint8Array => {
  const isLarge = total > largest
  const memory = isLarge ? new Uint8Array(total) : room(total)
  const start = isLarge ? 0 : startOf(memory)
  let end = start
  for (const chunk of chunks) {
    memory.set(chunk, end)
    end += chunk.length
  }
  if (isLarge) return memory
  settle(memory, end)
  return part(memory, start, end)
}

const copiesBytes = 8 * 1024

/**
 * Memory for copies that may be kept for long: each keeps little more than itself, 8 KiB at most, and is made without asking
 * V8 for memory outside its heap, which takes five times as long (measured: 50 ns, and 260).
 *
 * @since 0.1.0
 * @category models
 */
export class Copies {
  private memory: ArrayBufferLike = new ArrayBuffer(0)
  private used = 0

  /** @param fresh memory of so many bytes, with anything in it */
  constructor(private readonly fresh: (size: number) => ArrayBufferLike = (size) => new ArrayBuffer(size)) {}

  /** A copy that nothing else will write to. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    // So much V8 keeps on its own heap.
    if (length <= 64) return new Uint8Array(bytes)
    const copy = length < copiesBytes / 4 ? this.take(length) : unfilled(length)
    copy.set(bytes)
    return copy
  }

  private take(length: number): Uint8Array {
    if (this.used + length > this.memory.byteLength) {
      this.memory = this.fresh(copiesBytes)
      this.used = 0
    }
    const taken = new Uint8Array(this.memory, this.used, length)
    this.used += length
    return taken
  }
}

import * as Arr from "effect/Array"
import type { Chunks, Line } from "../Connection.js"
import type { Deadline } from "../Deadline.js"
import type { ReadError } from "../DuctError.js"
import { unfilled } from "./unfilled.js"

// Reserved before the bytes are here, at most; then twice what is here.
const firstBlock = 1024 * 1024

/** Bytes that arrived and were not asked for yet, taken out in any sizes. Takes are views where they can be. */
export class ByteQueue {
  /** None while nothing is here: most queues are empty most of the time. */
  private chunks: Array<Uint8Array> | undefined
  /** Memory whose beginning is all that is here, and whose rest is being read into. */
  private block: Uint8Array | undefined
  size = 0

  push(chunk: Uint8Array): void {
    this.block = undefined
    if (this.chunks === undefined) this.chunks = [chunk]
    else this.chunks.push(chunk)
    this.size += chunk.length
  }

  pushAll(chunks: Chunks): void {
    for (const chunk of chunks) this.push(chunk)
  }

  get isLanding(): boolean {
    return this.block !== undefined
  }

  /**
   * Reads on straight into memory of the queue's own, in which a take of `count` bytes stands in one piece. A large count
   * is not believed at once: the memory is at most twice what is here, or {@link firstBlock}.
   */
  land(line: Line, count: number, until?: Deadline): number | ReadError | undefined {
    const block = this.block === undefined || this.size === this.block.length ? this.grow(count) : this.block
    const taken = line.takeInto?.(block.subarray(this.size), until)
    if (typeof taken === "number") {
      this.size += taken
      this.chunks = [block.subarray(0, this.size)]
    }
    return taken
  }

  private grow(count: number): Uint8Array {
    const block = unfilled(Math.min(count, Math.max(firstBlock, 2 * this.size)))
    this.peekInto(block)
    this.chunks = this.size === 0 ? undefined : [block.subarray(0, this.size)]
    return (this.block = block)
  }

  /** Everything, as it arrived; undefined when empty. */
  takeAll(): Chunks | undefined {
    this.trim()
    const { chunks } = this
    if (chunks === undefined || !Arr.isNonEmptyReadonlyArray(chunks)) return undefined
    this.chunks = undefined
    this.block = undefined
    this.size = 0
    return chunks
  }

  /** At most `count` bytes, which the caller then owns. */
  take(count: number): Uint8Array {
    this.trim()
    this.block = undefined
    const { chunks } = this
    const first = chunks?.[0]
    if (chunks !== undefined && first !== undefined && first.length > count) {
      chunks[0] = first.subarray(count)
      this.size -= count
      return first.subarray(0, count)
    }
    if (chunks !== undefined && first !== undefined && (first.length === count || chunks.length === 1)) {
      chunks.shift()
      this.size -= first.length
      return first
    }
    const out = new Uint8Array(Math.min(count, this.size))
    this.takeInto(out)
    return out
  }

  /** A copy of at most `count` bytes, which also stay. */
  peek(count: number): Uint8Array {
    const out = new Uint8Array(Math.min(count, this.size))
    this.peekInto(out)
    return out
  }

  /** Fills the buffer's start, taking the bytes out; how many. */
  takeInto(buffer: Uint8Array): number {
    const count = this.peekInto(buffer)
    this.drop(count)
    return count
  }

  /** Fills the buffer's start; how many bytes; they also stay. */
  peekInto(buffer: Uint8Array): number {
    let filled = 0
    for (const chunk of this.chunks ?? []) {
      if (filled === buffer.length) break
      const part = chunk.length > buffer.length - filled ? chunk.subarray(0, buffer.length - filled) : chunk
      buffer.set(part, filled)
      filled += part.length
    }
    return filled
  }

  /** Memory that was not filled is nobody's to see. */
  private trim(): void {
    const { block } = this
    if (block !== undefined && this.size < block.length)
      this.chunks = this.size === 0 ? [] : [block.slice(0, this.size)]
  }

  private drop(count: number): void {
    this.block = undefined
    this.size -= count
    const chunks = this.chunks ?? []
    let index = 0
    for (let left = count; left > 0;) {
      const chunk = chunks[index]
      if (chunk === undefined) break
      if (chunk.length > left) {
        chunks[index] = chunk.subarray(left)
        break
      }
      left -= chunk.length
      index++
    }
    chunks.splice(0, index)
  }
}

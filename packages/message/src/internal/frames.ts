import type { Chunks } from "@ductworks/core/Connection"
import * as slab from "@ductworks/core/Slab"
import * as Arr from "effect/Array"
import { Scratch } from "./scratch.js"

/** Frames of a `sendAll` are taken out whenever this much is together. */
export const batchBytes = 64 * 1024

/** A batch, and the frame that fills it. */
const batchMemory = batchBytes + slab.largest

/**
 * Frames in memory: those that were added one after the other stand side by side in it, and are taken out as one chunk.
 * Small ones are written to the slab of the thread, or to memory for the batch.
 */
export class Frames {
  /** Chunks before the one that is growing. */
  private chunks: Array<Uint8Array> | undefined
  /** The chunk that is growing, and where it stands. */
  private memory: Uint8Array | undefined
  private start = 0
  private end = 0

  /** Bytes that were added and not taken. */
  size = 0

  /** What small frames are written to since {@link gather} was called, and how much of it is. */
  batch: Scratch | undefined
  private batchUsed = 0

  /**
   * Much is to follow, and to be taken out together: it gets memory that is used again. New slabs, one after the other, would
   * have V8 mark the whole heap every few hundred of them.
   */
  gather(): void {
    this.batch = Scratch.borrow(batchMemory)
    this.batchUsed = 0
  }

  /** Memory with room for a small frame from {@link startOf} on. */
  room(size: number): Uint8Array {
    const { batch } = this
    return batch !== undefined && this.batchUsed + size <= batchMemory ? batch.memory : slab.room(size)
  }

  startOf(memory: Uint8Array): number {
    return memory === this.batch?.memory ? this.batchUsed : slab.startOf(memory)
  }

  /** Adds what was written there: to the room that was given, or to memory of its own. */
  append(memory: Uint8Array, offset: number, length: number): void {
    if (memory === this.batch?.memory) this.batchUsed = offset + length
    else slab.settle(memory, offset + length)
    this.size += length
    if (memory !== this.memory || offset !== this.end) {
      this.endChunk()
      this.memory = memory
      this.start = offset
    }
    this.end = offset + length
  }

  /** Adds a chunk that is in nobody's way. */
  push(chunk: Uint8Array): void {
    this.endChunk()
    this.memory = undefined
    this.size += chunk.length
    ;(this.chunks ??= []).push(chunk)
  }

  /** Takes all out; `undefined` if there is nothing. The batch belongs to what was taken. */
  take(): Chunks | undefined {
    const { batch, chunks, memory } = this
    this.memory = this.chunks = this.batch = undefined
    this.size = 0
    // Most often it is this one, in a list with no room for more.
    if (chunks === undefined && memory !== undefined) return [this.cut(memory)]
    if (memory !== undefined) chunks?.push(this.cut(memory))
    if (chunks !== undefined && Arr.isNonEmptyArray(chunks)) return chunks
    batch?.giveBack()
    return undefined
  }

  private endChunk(): void {
    if (this.memory !== undefined) (this.chunks ??= []).push(this.cut(this.memory))
  }

  private cut(memory: Uint8Array): Uint8Array {
    return slab.part(memory, this.start, this.end)
  }
}

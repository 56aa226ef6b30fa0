/**
 * The two queues of a driver whose system pushes bytes at it (`node:net`, memory): what came in and was not taken yet,
 * what was put and has not left yet. Both are plain synchronous objects. And memory for what is read.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type { Chunks } from "./Connection.js"
import type { ReadError } from "./DuctError.js"
import { ByteQueue } from "./internal/byteQueue.js"
import * as fresh from "./internal/unfilled.js"

/**
 * Bytes that arrived, then the end. Bytes always come before the end, however early the end was known.
 *
 * @since 0.1.0
 * @category models
 */
export class Inbox {
  private queue: ByteQueue | undefined
  private reason: ReadError | undefined

  /** @param limit bytes from which on {@link isFull} */
  constructor(private readonly limit: number) {}

  /** Adds a chunk, which is owned from here on; an empty one, and any after the end, is dropped. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0 && this.reason === undefined) (this.queue ??= new ByteQueue()).push(chunk)
  }

  /** Nothing more will come. The first reason stays. */
  end(reason: ReadError): void {
    this.reason ??= reason
  }

  /** Bytes held. */
  get size(): number {
    return this.queue?.size ?? 0
  }

  /** Whether the system should not be read for now. */
  get isFull(): boolean {
    return this.size >= this.limit
  }

  /** Whether the end is known. */
  get isEnded(): boolean {
    return this.reason !== undefined
  }

  /** Everything held; then the end; `undefined` while there is neither. As `Driver.take` wants it. */
  take(): Chunks | ReadError | undefined {
    return this.queue?.takeAll() ?? this.reason
  }

  /** As `take`, copied to the start of the buffer, as far as it has room: how many bytes. What has none stays. */
  takeInto(buffer: Uint8Array): number | ReadError | undefined {
    return this.queue === undefined || this.queue.size === 0 ? this.reason : this.queue.takeInto(buffer)
  }
}

/**
 * Bytes that wait to leave. A chunk that begins in memory where the one before it ends is joined to it without a copy,
 * so that messages written one by one into a slab leave as one piece.
 *
 * @since 0.1.0
 * @category models
 */
export class Outbox {
  private chunks: Array<Uint8Array> | undefined
  private held = 0

  push(chunks: Arr.NonEmptyReadonlyArray<Uint8Array>): void {
    const held = (this.chunks ??= [])
    for (const chunk of chunks) {
      if (chunk.length === 0) continue
      this.held += chunk.length
      const last = held.at(-1)
      if (last !== undefined && last.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset) {
        held[held.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + chunk.length)
      } else {
        held.push(chunk)
      }
    }
  }

  /** Bytes held. */
  get size(): number {
    return this.held
  }

  /** Takes everything out. */
  take(): Array<Uint8Array> {
    const chunks = this.chunks ?? []
    this.chunks = undefined
    this.held = 0
    return chunks
  }
}

/**
 * Memory of its own with anything in it, for who fills it before anybody else sees it. On Node it is not cleared, which
 * would take a pass over it.
 *
 * @since 0.1.0
 * @category memory
 */
export const unfilled: (size: number) => Uint8Array = fresh.unfilled

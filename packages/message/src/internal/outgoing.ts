import type { Chunks } from "@ductworks/core/Connection"
import * as Arr from "effect/Array"
import * as Exit from "effect/Exit"
import type { Framing } from "../Framing.js"
import { MessageTooLarge, SerializeError } from "../MessageError.js"
import type { Outbound } from "./format.js"
import { room, settle, startOf } from "./slab.js"
import { leastLength } from "./walk.js"

const encoder = new TextEncoder()

/** V8's `String::kMaxLength` where pointers have 64 bits. */
const longestString = 2 ** 29 - 24

type Refused = Exit.Exit<never, MessageTooLarge | SerializeError>

/**
 * Payloads into frames, within the limit. Payloads are copied: they may be changed at once. Frames that were added one
 * after the other stand side by side in memory, and are taken out as one chunk.
 */
export class Outgoing {
  /** Chunks before the one that is growing. */
  private chunks: Array<Uint8Array> | undefined
  /** The chunk that is growing, and where it stands. */
  private memory: Uint8Array | undefined
  private start = 0
  private end = 0

  /** Bytes of the frames that were added and not taken. */
  size = 0

  private readonly framing: Framing
  private readonly limit: number

  constructor(private readonly format: Outbound<never>) {
    this.framing = format.framing
    this.limit = format.sendLimit.bytes
  }

  /** Adds a frame. Why not, if it cannot be sent; then nothing was added. */
  add(payload: Uint8Array | string): Refused | undefined {
    // A code unit takes at least one byte and at most three.
    if (payload.length > this.limit) return this.tooLarge(payload.length)
    const { headerBytes, trailerBytes } = this.framing
    const memory = room(
      headerBytes + (typeof payload === "string" ? payload.length * 3 : payload.length) + trailerBytes
    )
    if (memory === undefined) return this.tooLarge(payload.length, "the memory that is left")
    const offset = startOf(memory)
    const start = offset + headerBytes
    let length = payload.length
    if (typeof payload === "string") {
      length = encoder.encodeInto(payload, memory.subarray(start)).written
      if (length > this.limit) return this.tooLarge(length)
    } else {
      memory.set(payload, start)
    }
    const problem = this.framing.seal(memory, offset, length)
    if (problem !== undefined) return Exit.fail(new SerializeError({ serializer: this.format.encoderName, problem }))
    this.append(memory, offset, headerBytes + length + trailerBytes)
    return undefined
  }

  /** Takes all frames out, as they are to be written; `undefined` if there are none. */
  take(): Chunks | undefined {
    const { chunks, memory } = this
    if (memory === undefined) return undefined
    const last = this.cut(memory)
    this.memory = undefined
    this.size = 0
    if (chunks === undefined) return [last]
    this.chunks = undefined
    return Arr.append(chunks, last)
  }

  /**
   * What a serializer's RangeError means: that the message is too large for a text, if its parts alone are; else what the
   * serializer says (a stack that is exhausted is a RangeError, too).
   */
  explain(error: SerializeError, message: unknown): MessageTooLarge | SerializeError {
    if (!(error.cause instanceof RangeError)) return error
    const [limit, limitName] =
      this.limit < longestString
        ? [this.limit, this.format.sendLimit.name]
        : [longestString, `V8's longest string, in ${this.format.encoderName}`]
    const size = leastLength(message, limit)
    return size > limit ? new MessageTooLarge({ direction: "send", size, limit, limitName, cause: error.cause }) : error
  }

  private append(memory: Uint8Array, offset: number, length: number): void {
    settle(memory, offset + length)
    this.size += length
    if (memory !== this.memory || offset !== this.end) {
      if (this.memory !== undefined) (this.chunks ??= []).push(this.cut(this.memory))
      this.memory = memory
      this.start = offset
    }
    this.end = offset + length
  }

  private cut(memory: Uint8Array): Uint8Array {
    return memory.subarray(this.start, this.end)
  }

  private tooLarge(size: number, limitName = this.format.sendLimit.name): Refused {
    return Exit.fail(new MessageTooLarge({ direction: "send", size, limit: this.limit, limitName }))
  }
}

import type { Chunks } from "@ductworks/core/Connection"
import { largest, part } from "@ductworks/core/Slab"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Framing } from "../Framing.js"
import { MessageTooLarge, SerializeError } from "../MessageError.js"
import type { Outbound } from "./format.js"
import { Frames } from "./frames.js"
import { type Promises, promisesOf } from "./framing/seals.js"
import { QUOTE } from "./plainText.js"
import { type Payload, Quoted } from "./quoted.js"
import { Scratch } from "./scratch.js"
import { leastLength } from "./walk.js"

const encoder = new TextEncoder()

/** V8's `String::kMaxLength` where pointers have 64 bits. */
const longestString = 2 ** 29 - 24

/** Characters of a text that waits for others, and bytes of those that are encoded together. */
const longestWaiting = 1024
const encodedTogether = 8 * 1024

// From here on bytes are lent rather than copied; those of a raw duct are from fewer on, since they need no header.
const lentFrom = 64 * 1024

type Refused = Exit.Exit<never, MessageTooLarge | SerializeError>

/** Payloads into frames, within the limit. All but {@link Outgoing.loan} are copied: they may be changed at once. */
export class Outgoing {
  /** Those that were added and not taken, without those that wait. */
  private readonly frames = new Frames()

  /**
   * Texts that were added and are not encoded, and the bytes of their frames if all are ASCII. Not even an empty list while
   * there are none: in one that had grown old, V8 would keep the texts of a batch until the next collection of all.
   */
  private waiting: Array<string> | undefined
  private waitingSize = 0

  /**
   * Whether the last frame is in memory that somebody waits for: that of its message, or a scratch. Then it is to be taken
   * before the next one is added.
   */
  loan: Scratch | "message" | undefined

  private readonly framing: Framing
  private readonly promises: Promises
  private readonly limit: number

  constructor(private readonly format: Outbound<never>) {
    this.framing = format.framing
    this.promises = promisesOf(format.framing.seal)
    this.limit = format.sendLimit.bytes
  }

  /** Bytes of the frames that were added and not taken; of those that wait, if all are ASCII. */
  get size(): number {
    return this.frames.size + this.waitingSize
  }

  /** About how many bytes the frame of a payload takes; infinity if it is one that may be on loan. */
  weight(payload: Payload): number {
    return this.most(payload) > largest ? Infinity : this.frameBytes(payload.length)
  }

  private most(payload: Payload): number {
    return this.frameBytes(typeof payload === "string" ? payload.length * 3 : payload.length)
  }

  /** Adds a frame. Why not, if it cannot be sent; then nothing was added. */
  add(payload: Payload): Refused | undefined {
    this.encodeWaiting()
    return payload instanceof Quoted ? this.addQuoted(payload) : this.addNow(payload)
  }

  private addNow(payload: Uint8Array | string): Refused | undefined {
    // A code unit takes at least one byte and at most three.
    if (payload.length > this.limit) return this.tooLarge(payload.length)
    const most = this.most(payload)
    if (most > largest) return this.addLarge(payload)
    const memory = this.frames.room(most)
    const offset = this.frames.startOf(memory)
    const start = offset + this.framing.headerBytes
    let length = payload.length
    if (typeof payload === "string") {
      length = encoder.encodeInto(payload, part(memory, start, memory.length)).written
      if (length > this.limit) return this.tooLarge(length)
    } else {
      memory.set(payload, start)
    }
    return this.seal(memory, offset, length)
  }

  /** As {@link add}, but what is sure to be carried may be encoded later, together with what comes after it. */
  addOneOfMany(payload: Payload): Refused | undefined {
    if (typeof payload !== "string" || !this.canWait(payload)) return this.add(payload)
    if (this.waiting === undefined) this.waiting = [payload]
    else this.waiting.push(payload)
    this.waitingSize += this.frameBytes(payload.length)
    if (this.waitingSize >= encodedTogether) this.encodeWaiting()
    return undefined
  }

  /** Much is to follow, and to be taken out together: small frames are written to {@link batch} until then. */
  gather(): void {
    this.frames.gather()
  }

  /** Memory of the frames that is lent to whom they are given, and used again once they have left. */
  get batch(): Scratch | undefined {
    return this.frames.batch
  }

  /** Takes all frames out, as they are to be written; `undefined` if there are none. */
  take(): Chunks | undefined {
    this.encodeWaiting()
    this.loan = undefined
    return this.frames.take()
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

  private frameBytes(length: number): number {
    return this.framing.headerBytes + length + this.framing.trailerBytes
  }

  private canWait(text: string): boolean {
    return text.length <= longestWaiting && text.length * 3 <= this.limit && this.promises.carries(text)
  }

  /**
   * A call of the encoder costs as much as the encoding of a hundred characters, so it is called once, for all texts with
   * room between them. Where one is not ASCII that does not tell where the others are, and each is encoded by itself.
   */
  private encodeWaiting(): void {
    const { waiting, waitingSize } = this
    if (waiting === undefined) return
    this.waiting = undefined
    this.waitingSize = 0
    const { headerBytes, trailerBytes } = this.framing
    const memory = this.frames.room(waitingSize)
    const [before, after] = [" ".repeat(headerBytes), " ".repeat(trailerBytes)]
    const start = this.frames.startOf(memory)
    const target = new Uint8Array(memory.buffer, memory.byteOffset + start, waitingSize)
    const { read, written } = encoder.encodeInto(before + waiting.join(after + before) + after, target)
    if (read !== waitingSize || written !== waitingSize) return void waiting.forEach((text) => this.addNow(text))
    let offset = start
    for (const { length } of waiting) {
      this.framing.seal(memory, offset, length)
      offset += headerBytes + length + trailerBytes
    }
    this.frames.append(memory, start, waitingSize)
  }

  private addLarge(payload: Uint8Array | string): Refused | undefined {
    const { headerBytes, trailerBytes } = this.framing
    if (typeof payload !== "string" && payload.length >= lentFrom && this.promises.isHeaderOnly && trailerBytes === 0) {
      return this.lend(payload)
    }
    const scratch = Scratch.borrow(headerBytes + payload.length + trailerBytes)
    const length = scratch?.write(payload, headerBytes, trailerBytes)
    if (scratch === undefined || length === undefined) return this.noMemory(payload.length)
    return this.addWritten(scratch, length)
  }

  private addQuoted(payload: Quoted): Refused | undefined {
    if (payload.length > this.limit) return this.tooLarge(payload.length)
    const { headerBytes, trailerBytes } = this.framing
    const start = headerBytes + 1
    const scratch = Scratch.borrow(headerBytes + payload.length + trailerBytes)
    const length = scratch?.write(payload.text, start, 1 + trailerBytes)
    if (scratch === undefined || length === undefined) return this.noMemory(payload.length)
    const { memory } = scratch
    if (!payload.isWhole(memory.subarray(start, start + length))) {
      scratch.giveBack()
      return this.addEscaped(payload)
    }
    memory[start - 1] = memory[start + length] = QUOTE
    return this.addWritten(scratch, length + 2)
  }

  private addEscaped({ escaped, text }: Quoted): Refused | undefined {
    const encoding = escaped()
    if (Exit.isSuccess(encoding)) return this.addNow(encoding.value)
    return Exit.failCause(Cause.map(encoding.cause, (error) => this.explain(error, text)))
  }

  /** The payload is in its place. */
  private addWritten(scratch: Scratch, length: number): Refused | undefined {
    const refused = length > this.limit ? this.tooLarge(length) : this.seal(scratch.memory, 0, length)
    if (refused === undefined) this.loan = scratch
    else scratch.giveBack()
    return refused
  }

  /** The header, and the payload where it is. */
  private lend(payload: Uint8Array): Refused | undefined {
    const { headerBytes } = this.framing
    const memory = this.frames.room(headerBytes)
    const refused = this.seal(memory, this.frames.startOf(memory), payload.length, 0)
    if (refused !== undefined) return refused
    this.frames.push(payload)
    this.loan = "message"
    return undefined
  }

  /** Seals a frame of which the payload is ready, and adds what of it stands in the memory. */
  private seal(memory: Uint8Array, offset: number, length: number, here = length): Refused | undefined {
    const { headerBytes, trailerBytes } = this.framing
    const problem = this.framing.seal(memory, offset, length)
    if (problem !== undefined) return Exit.fail(new SerializeError({ serializer: this.format.encoderName, problem }))
    this.frames.append(memory, offset, headerBytes + here + trailerBytes)
    return undefined
  }

  private noMemory(size: number): Refused {
    return this.tooLarge(size, "the memory that is left")
  }

  private tooLarge(size: number, limitName = this.format.sendLimit.name): Refused {
    return Exit.fail(new MessageTooLarge({ direction: "send", size, limit: this.limit, limitName }))
  }
}

import type { Chunks } from "@ductworks/core/Connection"
import { MessageTruncated } from "@ductworks/core/DuctError"
import { isDone } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Decoder } from "../Framing.js"
import { DeserializeError, type RecvError } from "../MessageError.js"
import { giveDecoder, takeDecoder } from "./decoders.js"
import { protocolError } from "./faults.js"
import type { Inbound } from "./format.js"
import { LAND_FROM } from "./framing/landing.js"
import { payloadsOf, runOf, target } from "./run.js"
import { Sequel } from "./sequel.js"

type Failure = Exit.Exit<never, RecvError>

/** A message, or the error in its place. */
type Decoded<In> = Exit.Exit<In, DeserializeError>

/** A message whose decoding is an Effect that nobody has run to its end. */
class Undecoded<In> {
  /** As an Exit has one: to look for the class takes longer. */
  readonly _tag = "Undecoded"
  /** What is decoded, if it came from the decoder. */
  frame: Uint8Array | undefined

  constructor(
    readonly decoding: Effect.Effect<In, DeserializeError>,
    readonly size: number
  ) {}
}

/**
 * What {@link Incoming.step} found: a message (or an undecodable one) is decoded; more bytes are needed; the end; or the
 * decoding is an Effect, to be run before asking again.
 */
export type Step = "ready" | "starved" | Effect.Effect<void, RecvError>

/**
 * Received bytes into messages, synchronously as far as the format allows. What was decoded stays here until it is
 * taken, and so does what was interrupted while it was decoded: nothing is lost between the wire and the receiver.
 */
export class Incoming<In> {
  /** None while nothing is here: an idle duct has nothing to cut. */
  private decoder: Decoder | undefined
  /** A whole frame, found and not looked into. Nothing is in `messages` then. */
  private frame: Uint8Array | undefined
  /** In order. None is an idle duct's. */
  private messages: Array<Decoded<In> | Undecoded<In>> | undefined
  /** None before a large frame came. */
  private sequel: Sequel | undefined
  /** Why no frame will come any more. */
  private end: Failure | undefined

  constructor(private readonly format: Inbound<In>) {}

  push(chunks: Chunks): void {
    if (chunks.length === 1) this.pushOne(chunks[0])
    else for (const chunk of chunks) this.cutter.push(chunk)
  }

  /** Whether it is a frame alone, which needs no cutting. */
  private pushOne(chunk: Uint8Array, free?: number): boolean {
    const { format } = this
    if (this.decoder === undefined && this.frame === undefined) {
      this.frame = format.whole(chunk, format.recvLimit.bytes)
      if (this.frame !== undefined) return true
    }
    this.cutter.push(chunk, free)
    return false
  }

  private get cutter(): Decoder {
    const { format } = this
    return (this.decoder ??= takeDecoder(format.framing, format.recvLimit.bytes))
  }

  /** Room for the next bytes of a large frame, be it one that is only foreseen. When starved, and before {@link filled}. */
  room(): Uint8Array | undefined {
    return this.decoder === undefined ? this.sequel?.room() : this.decoder.room?.()
  }

  /** So many bytes of the start of the room have come; 0 if none did. */
  filled(count: number): void {
    if (this.decoder === undefined) {
      const chunk = this.sequel?.take(count)
      if (chunk !== undefined && !this.pushOne(chunk, chunk.buffer.byteLength - count)) this.sequel?.forget()
    } else if (count > 0) this.decoder.filled?.(count)
  }

  /** The stream has ended: between two frames or inside one. To be called when starved. */
  close(error: RecvError): void {
    const partial = error._tag === "RemoteDuctClosed" ? this.decoder?.partial() : undefined
    this.end ??= Exit.fail(partial === undefined ? error : new MessageTruncated({ ...partial, cause: error }))
  }

  /** Whether a frame has begun and is not whole. Meaningful when starved. */
  get isInsideFrame(): boolean {
    return this.decoder?.partial() !== undefined
  }

  /** Whether a receive would not wait for the other end. */
  get isReadable(): boolean {
    return this.first !== undefined || this.findFrame() !== undefined || this.end !== undefined
  }

  private get first(): Decoded<In> | Undecoded<In> | undefined {
    return this.messages?.[0]
  }

  /** What there is to do with what is here. */
  step(): Step {
    if (this.first === undefined && !this.decodeMore()) return this.end ?? "starved"
    const { first } = this
    if (first?._tag !== "Undecoded") return "ready"
    return Effect.map(Effect.exit(first.decoding), (exit) => {
      // An interrupted receive that could not be stopped at once may have decoded the same message.
      if (this.first !== first) return
      this.messages?.splice(0, 1, this.expected(exit, first.size))
      if (first.frame !== undefined) this.reuse(first.frame)
    })
  }

  /** Between two frames, the decoder may be another duct's. */
  private letGo(): undefined {
    const { decoder, format } = this
    if (decoder !== undefined && giveDecoder(format.framing, format.recvLimit.bytes, decoder)) this.decoder = undefined
  }

  /** Decodes all that is here, as far as that needs no Effect. */
  decodeAll(): void {
    while (this.messages?.at(-1)?._tag !== "Undecoded" && this.decodeMore());
  }

  /** The oldest decoded message, or the error in its place. To be called when ready. */
  peek(): Decoded<In> {
    const { first } = this
    if (first === undefined || first._tag === "Undecoded") throw new Error("ductworks: nothing is decoded")
    return first
  }

  /** Takes it out. */
  takeOne(): Decoded<In> {
    const first = this.peek()
    const { messages } = this
    if (messages?.length === 1) this.messages = undefined
    else messages?.shift()
    return first
  }

  /** Takes all decoded messages out, up to the first that could not be decoded. */
  takeAll(): Array<In> {
    const messages: Array<In> = []
    const decoded = this.messages ?? []
    for (const message of decoded) {
      if (message._tag !== "Success") break
      messages.push(message.value)
    }
    this.messages = messages.length === decoded.length ? undefined : decoded.slice(messages.length)
    return messages
  }

  /** Decodes the next frame, or a run of them; whether there was one. */
  private decodeMore(): boolean {
    if (this.frame === undefined && this.decodeRun()) return true
    const frame = this.findFrame()
    if (frame === undefined) return false
    this.frame = undefined
    this.foresee(frame.length)
    const message = this.decode(frame)
    if (message._tag === "Undecoded") message.frame = frame
    else if (!this.format.keepsPayload) this.reuse(frame)
    this.sequel?.forget()
    return true
  }

  private decodeRun(): boolean {
    const { format } = this
    if (!format.decodesRuns) return false
    const sizes = this.decoder?.copyFrames?.(target) ?? []
    if (sizes.length === 0) return false
    this.sequel?.follow(0)
    const run = runOf(sizes, format.framing.headerBytes, format.framing.trailerBytes)
    const decodings = format.decodeRun(run)
    if (decodings === undefined) for (const payload of payloadsOf(run)) this.decode(payload)
    else if (this.messages === undefined && decodings.every(isMessage)) this.messages = [...decodings]
    else decodings.forEach((decoding, i) => this.add(decoding, sizes[i] ?? 0))
    return true
  }

  /** Of a frame: what may follow it. */
  private foresee(size: number): void {
    if (this.sequel === undefined) {
      if (size < LAND_FROM) return
      const { framing } = this.format
      this.sequel = new Sequel(framing.headerBytes + framing.trailerBytes)
    }
    this.sequel.follow(size)
  }

  private findFrame(): Uint8Array | undefined {
    if (this.frame !== undefined) return this.frame
    const next = this.decoder?.next()
    if (next === undefined) return this.letGo()
    if (next instanceof Uint8Array) return (this.frame = next)
    this.end ??= Exit.fail(protocolError(next, this.format.recvLimit.name))
    return undefined
  }

  /** The decoder has given nothing since. */
  private reuse(frame: Uint8Array): void {
    if (this.decoder === undefined) this.sequel?.reuse(frame)
    else this.decoder.reuse?.(frame)
  }

  private decode(payload: Uint8Array): Decoded<In> | Undecoded<In> {
    try {
      return this.add(this.format.decode(payload), payload.length)
    } catch (cause) {
      return this.add(Exit.die(cause), payload.length)
    }
  }

  private add(decoding: Effect.Effect<In, DeserializeError>, size: number): Decoded<In> | Undecoded<In> {
    const message = isDone(decoding) ? this.expected(decoding, size) : new Undecoded(decoding, size)
    if (this.messages === undefined) this.messages = [message]
    else this.messages.push(message)
    return message
  }

  /** A serializer that broke its promise not to throw counts as one that could not decode. */
  private expected(exit: Decoded<In>, size: number): Decoded<In> {
    if (Exit.isSuccess(exit) || Cause.isFailType(exit.cause)) return exit
    return Exit.fail(
      new DeserializeError({
        serializer: this.format.decoderName,
        problem: "the serializer failed unexpectedly",
        size,
        cause: Cause.squash(exit.cause)
      })
    )
  }
}

const isMessage = <In>(decoding: Effect.Effect<In, DeserializeError>): decoding is Exit.Success<In, DeserializeError> =>
  isDone(decoding) && Exit.isSuccess(decoding)

import { MessageTruncated } from "@ductworks/core/DuctError"
import { isDone } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Decoder, Fault } from "../Framing.js"
import { DeserializeError, MessageProtocolError, MessageTooLarge, type RecvError } from "../MessageError.js"
import type { Inbound } from "./format.js"

type Failure = Exit.Exit<never, RecvError>

/**
 * What {@link Incoming.next} found: a message (or an undecodable one) is decoded; more bytes are needed; the end; or the
 * decoding is an Effect, to be run before asking again.
 */
export type Step = "ready" | "starved" | Effect.Effect<void, RecvError>

/**
 * Received bytes into messages, synchronously as far as the format allows. What was decoded stays here until it is
 * taken, and so does a frame whose decoding was interrupted: nothing is lost between the wire and the receiver.
 */
export class Incoming<In> {
  /** None before the first bytes: an idle duct has nothing to cut. */
  private decoder: Decoder | undefined
  /** A whole frame that is not decoded yet. */
  private frame: Uint8Array | undefined
  private decoded: Array<Exit.Exit<In, DeserializeError>> | undefined
  /** Why no frame will come any more. */
  private end: Failure | undefined

  constructor(private readonly format: Inbound<In>) {}

  push(chunks: Iterable<Uint8Array>): void {
    const decoder = (this.decoder ??= this.format.framing.decoder(this.format.recvLimit.bytes))
    for (const chunk of chunks) decoder.push(chunk)
  }

  /** Room for the next bytes of a large frame, see `Decoder.room`. To be called when starved. */
  get room(): Uint8Array | undefined {
    return this.decoder?.room?.()
  }

  filled(count: number): void {
    this.decoder?.filled?.(count)
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
    return this.isDecoded || this.findFrame() !== undefined || this.end !== undefined
  }

  private get isDecoded(): boolean {
    return this.decoded !== undefined && this.decoded.length > 0
  }

  next(): Step {
    if (this.isDecoded) return "ready"
    const frame = this.findFrame()
    if (frame === undefined) return this.end ?? "starved"
    const decoding = this.decode(frame)
    if (!isDone(decoding)) {
      return Effect.map(Effect.exit(decoding), (exit) => this.settle(exit, frame))
    }
    this.settle(decoding, frame)
    return "ready"
  }

  /** Decodes all further frames that are here, as far as that needs no Effect. */
  decodeAll(): void {
    for (let frame = this.findFrame(); frame !== undefined; frame = this.findFrame()) {
      const decoding = this.decode(frame)
      if (!isDone(decoding)) return
      this.settle(decoding, frame)
    }
  }

  /** The oldest decoded message, or the error in its place. To be called when ready. */
  peek(): Exit.Exit<In, DeserializeError> {
    const first = this.decoded?.[0]
    if (first === undefined) throw new Error("ductworks: nothing is decoded")
    return first
  }

  /** Takes it out. */
  takeOne(): Exit.Exit<In, DeserializeError> {
    const first = this.peek()
    this.decoded?.shift()
    return first
  }

  /** Takes all decoded messages out, up to the first that could not be decoded. */
  takeAll(): Array<In> {
    const messages: Array<In> = []
    const decoded = this.decoded ?? []
    for (const exit of decoded) {
      if (Exit.isFailure(exit)) break
      messages.push(exit.value)
    }
    this.decoded = messages.length === decoded.length ? undefined : decoded.slice(messages.length)
    return messages
  }

  private findFrame(): Uint8Array | undefined {
    if (this.frame !== undefined) return this.frame
    const next = this.decoder?.next()
    if (next === undefined) return undefined
    if (next instanceof Uint8Array) return (this.frame = next)
    this.end ??= Exit.fail(this.translate(next))
    return undefined
  }

  private decode(frame: Uint8Array): Effect.Effect<In, DeserializeError> {
    try {
      return this.format.decode(frame)
    } catch (cause) {
      return Exit.die(cause)
    }
  }

  /** The frame is consumed; a serializer that broke its promise not to throw counts as one that could not decode. */
  private settle(exit: Exit.Exit<In, DeserializeError>, frame: Uint8Array): void {
    // An interrupted receive that could not be stopped at once may have decoded the same frame.
    if (this.frame !== frame) return
    this.frame = undefined
    if (!this.format.keepsPayload) this.decoder?.reuse?.(frame)
    if (Exit.isFailure(exit) && !Cause.isFailType(exit.cause)) {
      const cause = Cause.squash(exit.cause)
      exit = Exit.fail(
        new DeserializeError({
          serializer: this.format.decoderName,
          problem: "the serializer failed unexpectedly",
          size: frame.length,
          cause
        })
      )
    }
    if (this.decoded === undefined) this.decoded = [exit]
    else this.decoded.push(exit)
  }

  private translate(fault: Fault): RecvError {
    switch (fault._tag) {
      case "BadMagic":
        return new MessageProtocolError({ expected: fault.expected, received: fault.received })
      case "TooLarge":
        return new MessageTooLarge({
          direction: "recv",
          size: fault.size,
          limit: fault.limit,
          limitName: this.format.recvLimit.name
        })
    }
  }
}

import { isDone } from "@ductworks/core/Settled"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Framing from "../Framing.js"
import type * as MessageDuct from "../MessageDuct.js"
import type { DeserializeError, SerializeError } from "../MessageError.js"
import { type Whole, wholeOf } from "./framing/whole.js"
import { limitOr } from "./limit.js"
import { type Payload, quotingEncoder } from "./quoted.js"
import { releases } from "./releases.js"
import { type Run, runDecoder } from "./run.js"

/** The largest payload of a direction, in bytes, and what sets that. */
export interface Limit {
  readonly bytes: number
  readonly name: string
}

/** What a sender needs of a format. */
export interface Outbound<in Out> {
  readonly framing: Framing.Framing
  readonly encoderName: string
  readonly sendLimit: Limit
  encode(message: Out): Effect.Effect<Payload, SerializeError>
}

/** What a receiver needs of a format. */
export interface Inbound<out In> {
  readonly framing: Framing.Framing
  readonly whole: Whole
  readonly decoderName: string
  readonly recvLimit: Limit
  /** Whether a message may hold on to its payload. */
  readonly keepsPayload: boolean
  decode(payload: Uint8Array): Effect.Effect<In, DeserializeError>
  /** Whether {@link decodeRun} is worth a try. */
  readonly decodesRuns: boolean
  /** All messages of the run, each as {@link decode} gives it; `undefined` if each is to be decoded by itself. */
  decodeRun(run: Run): ReadonlyArray<Effect.Effect<In, DeserializeError>> | undefined
}

/** The format of both directions of a duct, with its services provided. */
export class Format<in Out, out In, R> implements Outbound<Out>, Inbound<In> {
  readonly framing: Framing.Framing
  readonly whole: Whole
  private readonly outbound
  private readonly inbound
  readonly sendLimit: Limit
  readonly recvLimit: Limit
  private readonly quoting
  private readonly run

  constructor(
    options: MessageDuct.Settings & MessageDuct.Format<Out, In, R>,
    private readonly context: Context.Context<R>
  ) {
    const [outbound, inbound] =
      "serializer" in options ? [options.serializer, options.serializer] : [options.outbound, options.inbound]
    this.outbound = outbound
    this.inbound = inbound
    this.framing = options.framing ?? Framing.ductworks
    this.whole = wholeOf(this.framing.decoder)
    const { maxMessageBytes } = options
    this.sendLimit = limitOf(this.framing, maxMessageBytes, outbound.maxMessageBytes)
    this.recvLimit =
      inbound.maxMessageBytes === outbound.maxMessageBytes
        ? this.sendLimit
        : limitOf(this.framing, maxMessageBytes, inbound.maxMessageBytes)
    this.quoting = quotingEncoder(outbound.encode)
    this.run = runDecoder(inbound.decode)
  }

  get encoderName(): string {
    return this.outbound.name
  }

  get decoderName(): string {
    return this.inbound.name
  }

  get keepsPayload(): boolean {
    return !releases(this.inbound.decode)
  }

  get decodesRuns(): boolean {
    return this.run !== undefined
  }

  encode(message: Out): Effect.Effect<Payload, SerializeError> {
    return this.provide(this.quoting === undefined ? this.outbound.encode(message) : this.quoting(message))
  }

  decode(payload: Uint8Array): Effect.Effect<In, DeserializeError> {
    return this.provide(this.inbound.decode(payload))
  }

  decodeRun(run: Run): ReadonlyArray<Effect.Effect<In, DeserializeError>> | undefined {
    return this.provideAll(this.run?.(run))
  }

  /** Exits pass as they are; an Effect gets its services. */
  private provide<A, E>(result: Effect.Effect<A, E, R>): Effect.Effect<A, E> {
    return isDone(result) ? result : Effect.provide(result, this.context)
  }

  private provideAll<A, E>(results: ReadonlyArray<Effect.Effect<A, E, R>> | undefined) {
    return results === undefined || results.every(isDone) ? results : results.map((result) => this.provide(result))
  }
}

/** The smallest of the limits that apply; what is no limit does not. */
const limitOf = (framing: Framing.Framing, asked: number | undefined, byFormat: number): Limit => {
  const limit = limitOr(asked, byFormat)
  return limit <= framing.maxPayloadBytes
    ? { bytes: limit, name: "maxMessageBytes" }
    : { bytes: framing.maxPayloadBytes, name: `the ${framing.name} framing` }
}

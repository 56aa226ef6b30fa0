import { quoteText } from "@ductworks/core/DuctError"
import { andThen, isDone, isSucceeded } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Envelope, PeerFormat, WireType } from "../PeerFormat.js"
import type { Message, Options } from "../PeerOptions.js"
import type { Messages } from "../PeerProtocol.js"
import type { Peer } from "../PeerTransport.js"
import type { Counters } from "./counters.js"
import type { Entry, Table } from "./table.js"

/** Why a packet went no further, as what counts it. */
type Reason = "empty" | "oversize" | "undecodable" | "filtered" | "unknownTypes" | "hookFailures"

export class Dropped {
  constructor(
    readonly reason: Reason & keyof Counters,
    readonly cause?: Cause.Cause<unknown>,
    /** Of the request that it would have been. */
    readonly id?: number,
    /** What the wire has for its type. */
    private readonly type?: WireType
  ) {}

  /** For the log; the type may come from the peer. */
  get about(): Record<string, unknown> {
    return this.type === undefined ? {} : { type: typeof this.type === "string" ? quoteText(this.type) : this.type }
  }
}

/** What a packet turned out to be: a message of the protocol, or one of the library's own. */
export type Parsed =
  | { readonly entry: Entry; readonly message: Message; readonly data: unknown }
  | { readonly entry: undefined; readonly envelope: Envelope }

type Step<A> = Effect.Effect<A, Dropped, unknown>

/**
 * From a packet to a message: decode, format, `handleAll`, Schema. Each step that is done at once is looked at without
 * being run, so that a packet of a synchronous protocol is parsed in one go.
 */
export class Parser {
  constructor(
    private readonly table: Table,
    private readonly format: PeerFormat,
    private readonly hooks: Pick<Options<Messages, unknown>, "decode" | "parse" | "handleAll">
  ) {}

  parse(peer: Peer, packet: Uint8Array): Step<Parsed> {
    const { decode } = this.hooks
    if (decode === undefined) return this.open(peer, packet)
    return andThen(guarded(decode, packet, "undecodable"), (body) => this.open(peer, body))
  }

  private open(peer: Peer, body: Uint8Array): Step<Parsed> {
    if (body.length === 0) return empty
    if (body.length > this.format.maxMessageBytes) return oversize
    const { parse = this.format.decode } = this.hooks
    return andThen(guarded(parse, body, "undecodable"), (envelope) =>
      typeof envelope.type === "string" && envelope.type.startsWith("~")
        ? Exit.succeed({ entry: undefined, envelope })
        : this.handleAll({ peer, type: envelope.type, data: envelope.data, id: envelope.id }, body.length)
    )
  }

  private handleAll(message: Message, size: number): Step<Parsed> {
    const { handleAll } = this.hooks
    if (handleAll === undefined) return this.resolve(message, size)
    return andThen(guarded(handleAll, message, "hookFailures", message.id, message.type), (changed) =>
      changed === undefined ? filtered : this.resolve(changed, size)
    )
  }

  private resolve(message: Message, size: number): Step<Parsed> {
    const entry = this.table.byWire.get(message.type)
    if (entry === undefined) return Exit.fail(new Dropped("unknownTypes", undefined, message.id, message.type))
    return andThen(
      guarded((data) => entry.data.decode(data, size), message.data, "undecodable", message.id, entry.name),
      (data) => Exit.succeed({ entry, message, data })
    )
  }
}

const empty = Exit.fail(new Dropped("empty"))
const oversize = Exit.fail(new Dropped("oversize"))
const filtered = Exit.fail(new Dropped("filtered"))

/** A step that others wrote: whatever goes wrong in it drops the packet. */
const guarded = <A, B>(
  step: (input: A) => Effect.Effect<B, unknown, unknown>,
  input: A,
  reason: Reason,
  id?: number,
  type?: WireType
): Step<B> => {
  try {
    const effect = step(input)
    if (isSucceeded(effect)) return effect
    return isDone(effect) && Exit.isFailure(effect)
      ? drop(effect.cause, reason, id, type)
      : guardedLater(effect, reason, id, type)
  } catch (defect) {
    return drop(Cause.die(defect), reason, id, type)
  }
}

/** Apart, since a function with closures pays for what they share whether it makes them or not. */
const guardedLater = <A>(effect: Effect.Effect<A, unknown, unknown>, reason: Reason, id?: number, type?: WireType) =>
  Effect.catchAllCause(effect, (cause) => drop(cause, reason, id, type))

const drop = (cause: Cause.Cause<unknown>, reason: Reason, id?: number, type?: WireType) =>
  Exit.fail(new Dropped(reason, cause, id, type))

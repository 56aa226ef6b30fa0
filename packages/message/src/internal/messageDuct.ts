import { RawDuct } from "@ductworks/core"
import type { ConnectError, ListenError } from "@ductworks/core/DuctError"
import type { PairOptions, Transport } from "@ductworks/core/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as MessageDuct from "../MessageDuct.js"
import * as Serializer from "../Serializer.js"
import { Format } from "./format.js"
import { type Codec, MessageEnd } from "./messageEnd.js"

type Both<Out, In, R> = MessageDuct.Settings & MessageDuct.Format<Out, In, R>

type Raw<Options> = Omit<Options, "timeout">

const over = <Out, In, R>(
  raw: RawDuct.RawDuct,
  options: Both<Out, In, R>
): Effect.Effect<MessageDuct.MessageDuct<Out, In>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => new MessageEnd(raw, new Format(options, context), options))

/** The format asked for, or JSON of anything. */
const hasFormat = <Out, In, R>(
  options: MessageDuct.Settings | Both<Out, In, R>
): options is MessageDuct.Settings & MessageDuct.Format<Out, In, R> => "serializer" in options || "outbound" in options

const json = { serializer: Serializer.json() }

const anything = new Format(json, Context.empty())

/** JSON needs no services. */
const formatOfAnything = (settings: MessageDuct.Settings): Codec<unknown, unknown> =>
  settings.framing === undefined && settings.maxMessageBytes === undefined
    ? anything
    : new Format({ ...settings, ...json }, Context.empty())

type ParentSettings = Raw<RawDuct.ParentOptions> & MessageDuct.Settings

type ChildSettings = Raw<RawDuct.ChildOptions> & MessageDuct.Settings

type PairSettings = PairOptions & MessageDuct.Settings

class Parent<Out, In> extends MessageEnd<Out, In> implements MessageDuct.MessageDuctParent<Out, In> {
  readonly #raw: RawDuct.RawDuctParent

  constructor(raw: RawDuct.RawDuctParent, codec: Codec<Out, In>, settings: MessageDuct.Settings) {
    super(raw, codec, settings)
    this.#raw = raw
  }

  get bindAddress() {
    return this.#raw.bindAddress
  }

  get listenerAddress() {
    return this.#raw.listenerAddress
  }

  get bind() {
    return this.#raw.bind
  }

  get listen() {
    return this.#raw.listen
  }
}

const parentOf = <Out, In, R>(
  options: ParentSettings & MessageDuct.Format<Out, In, R>
): Made<MessageDuct.MessageDuctParent<Out, In>, never, R> =>
  Effect.zipWith(
    RawDuct.parent(options),
    Effect.context<R>(),
    (raw, context) => new Parent(raw, new Format(options, context), options)
  )

class Child<Out, In> extends MessageEnd<Out, In> implements MessageDuct.MessageDuctChild<Out, In> {
  readonly #raw: RawDuct.RawDuctChild

  constructor(raw: RawDuct.RawDuctChild, codec: Codec<Out, In>, settings: MessageDuct.Settings) {
    super(raw, codec, settings)
    this.#raw = raw
  }

  get connectAddress() {
    return this.#raw.connectAddress
  }

  get connect() {
    return this.#raw.connect
  }
}

const childOf = <Out, In, R>(
  options: ChildSettings & MessageDuct.Format<Out, In, R>
): Made<MessageDuct.MessageDuctChild<Out, In>, never, R> =>
  Effect.zipWith(
    RawDuct.child(options),
    Effect.context<R>(),
    (raw, context) => new Child(raw, new Format(options, context), options)
  )

const pairOf = <Out, In, FarOut, FarIn, R>(
  settings: PairSettings,
  near: MessageDuct.Format<Out, In, R>,
  far: MessageDuct.Format<FarOut, FarIn, R>
) =>
  Effect.flatMap(RawDuct.pair(settings), ([left, right]) =>
    Effect.all([
      over<Out, In, R>(left, { ...settings, ...near }),
      over<FarOut, FarIn, R>(right, { ...settings, ...far })
    ])
  )

type Made<A, E, R> = Effect.Effect<A, E, Transport | Scope.Scope | R>

export function fromRaw<Out, In, R = never>(
  raw: RawDuct.RawDuct,
  options: Both<Out, In, R>
): Effect.Effect<MessageDuct.MessageDuct<Out, In>, never, R>
export function fromRaw(
  raw: RawDuct.RawDuct,
  options?: MessageDuct.Settings
): Effect.Effect<MessageDuct.MessageDuct<unknown, unknown>>
export function fromRaw<Out, In, R>(raw: RawDuct.RawDuct, options: MessageDuct.Settings | Both<Out, In, R> = {}) {
  return hasFormat(options)
    ? over(raw, options)
    : Effect.sync(() => new MessageEnd(raw, formatOfAnything(options), options))
}

export function parent<Out, In, R = never>(
  options: ParentSettings & MessageDuct.Format<Out, In, R>
): Made<MessageDuct.MessageDuctParent<Out, In>, never, R>
export function parent(options?: ParentSettings): Made<MessageDuct.MessageDuctParent<unknown, unknown>, never, never>
export function parent<Out, In, R>(options: ParentSettings | (ParentSettings & MessageDuct.Format<Out, In, R>) = {}) {
  return hasFormat(options) ? parentOf(options) : parentOf({ ...options, ...json })
}

export function child<Out, In, R = never>(
  options: ChildSettings & MessageDuct.Format<Out, In, R>
): Made<MessageDuct.MessageDuctChild<Out, In>, never, R>
export function child(options: ChildSettings): Made<MessageDuct.MessageDuctChild<unknown, unknown>, never, never>
export function child<Out, In, R>(options: ChildSettings | (ChildSettings & MessageDuct.Format<Out, In, R>)) {
  return hasFormat(options) ? childOf(options) : childOf({ ...options, ...json })
}

type Ends<Out, In, FarOut, FarIn, R> = Made<
  readonly [MessageDuct.MessageDuct<Out, In>, MessageDuct.MessageDuct<FarOut, FarIn>],
  ConnectError | ListenError,
  R
>

interface Alike<Out, In, R> {
  readonly serializer: Serializer.Serializer<Out, In, R>
}

export function pair<Out, In, R = never>(options: PairSettings & Alike<Out, In, R>): Ends<Out, In, Out, In, R>
export function pair<Out, In, FarOut, FarIn, R = never>(
  options: PairSettings & MessageDuct.Crossed<Out, In, FarOut, FarIn, R>
): Ends<Out, In, FarOut, FarIn, R>
export function pair(options?: PairSettings): Ends<unknown, unknown, unknown, unknown, never>
export function pair<Out, In, FarOut, FarIn, R>(
  options:
    | PairSettings
    | (PairSettings & Alike<Out, In, R>)
    | (PairSettings & MessageDuct.Crossed<Out, In, FarOut, FarIn, R>) = {}
) {
  if ("serializer" in options) return pairOf(options, options, options)
  if (!("outbound" in options)) return pairOf(options, json, json)
  const { inbound, outbound } = options
  return pairOf(options, { outbound, inbound }, { outbound: inbound, inbound: outbound })
}

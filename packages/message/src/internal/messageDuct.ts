import { RawDuct } from "@ductworks/core"
import type { ConnectError, ListenError } from "@ductworks/core/DuctError"
import type { PairOptions, Transport } from "@ductworks/core/Transport"
import { isDone } from "@ductworks/core/Settled"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Framing from "../Framing.js"
import type * as MessageDuct from "../MessageDuct.js"
import * as Serializer from "../Serializer.js"
import { Incoming } from "./incoming.js"
import { Outgoing } from "./outgoing.js"
import { Receiver } from "./receiver.js"
import { Sender } from "./sender.js"

type Both<Out, In, R> = MessageDuct.Settings & MessageDuct.Format<Out, In, R>

type Raw<Options> = Omit<Options, "timeout">

/** Exits pass as they are; an Effect gets its services. */
const provided =
  <R>(context: Context.Context<R>) =>
  <A, B, E>(run: (value: A) => Effect.Effect<B, E, R>) =>
  (value: A): Effect.Effect<B, E> => {
    const result = run(value)
    return isDone(result) ? result : Effect.provide(result, context)
  }

/** The smallest of the limits that apply; what is no limit does not. */
const limitOf = (asked: number | undefined, byFormat: number, framing: Framing.Framing) => {
  const limit = asked === undefined || Number.isNaN(asked) ? byFormat : Math.max(0, asked)
  return limit <= framing.maxPayloadBytes
    ? { bytes: limit, name: "maxMessageBytes" }
    : { bytes: framing.maxPayloadBytes, name: `the ${framing.name} framing` }
}

const over = <Out, In, R>(raw: RawDuct.RawDuct, options: Both<Out, In, R>) =>
  Effect.map(Effect.context<R>(), (context) => {
    const provide = provided(context)
    const [outbound, inbound] =
      "serializer" in options ? [options.serializer, options.serializer] : [options.outbound, options.inbound]
    const { framing = Framing.ductworks, maxMessageBytes, recvLock, sendLock } = options
    const send = limitOf(maxMessageBytes, outbound.maxMessageBytes, framing)
    const recv = limitOf(maxMessageBytes, inbound.maxMessageBytes, framing)
    const sender = new Sender(
      raw,
      { name: outbound.name, encode: provide((message: Out) => outbound.encode(message)) },
      new Outgoing(framing, outbound.name, send.bytes, send.name),
      sendLock
    )
    const decode = provide((payload: Uint8Array) => inbound.decode(payload))
    const receiver = new Receiver(
      raw,
      () => new Incoming(framing, { name: inbound.name, decode }, recv.bytes, recv.name),
      Duration.decode(options.timeout ?? RawDuct.defaultTimeout),
      recvLock
    )
    const duct: MessageDuct.MessageDuct<Out, In> = {
      localAddress: raw.localAddress,
      remoteAddress: raw.remoteAddress,
      fileno: raw.fileno,
      send: sender.send,
      sendAll: sender.sendAll,
      sink: sender.sink,
      recv: receiver.recv,
      recvAll: receiver.recvAll,
      stream: receiver.stream,
      poll: (timeout = RawDuct.defaultPollTimeout) => receiver.poll(Duration.decode(timeout)),
      flush: raw.flush,
      endWrite: raw.endWrite,
      close: raw.close
    }
    return duct
  })

/** The format asked for, or JSON of anything. */
const hasFormat = <Out, In, R>(
  options: MessageDuct.Settings | Both<Out, In, R>
): options is MessageDuct.Settings & MessageDuct.Format<Out, In, R> => "serializer" in options || "outbound" in options

const json = { serializer: Serializer.json() }

type ParentSettings = Raw<RawDuct.ParentOptions> & MessageDuct.Settings

type ChildSettings = Raw<RawDuct.ChildOptions> & MessageDuct.Settings

type PairSettings = PairOptions & MessageDuct.Settings

const parentOf = <Out, In, R>(options: ParentSettings & MessageDuct.Format<Out, In, R>) =>
  Effect.gen(function* () {
    const raw = yield* RawDuct.parent(options)
    const duct = yield* over(raw, options)
    const parent: MessageDuct.MessageDuctParent<Out, In> = {
      ...duct,
      bindAddress: raw.bindAddress,
      listenerAddress: raw.listenerAddress,
      bind: raw.bind,
      listen: raw.listen
    }
    return parent
  })

const childOf = <Out, In, R>(options: ChildSettings & MessageDuct.Format<Out, In, R>) =>
  Effect.gen(function* () {
    const raw = yield* RawDuct.child(options)
    const duct = yield* over(raw, options)
    const child: MessageDuct.MessageDuctChild<Out, In> = {
      ...duct,
      connectAddress: raw.connectAddress,
      connect: raw.connect
    }
    return child
  })

const pairOf = <Out, In, R>(options: PairSettings & MessageDuct.Format<Out, In, R>) =>
  Effect.flatMap(RawDuct.pair(options), ([left, right]) =>
    Effect.all([over<Out, In, R>(left, options), over<Out, In, R>(right, options)])
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
  return hasFormat(options) ? over(raw, options) : over(raw, { ...options, ...json })
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

type Ends<Out, In> = readonly [MessageDuct.MessageDuct<Out, In>, MessageDuct.MessageDuct<Out, In>]

export function pair<Out, In, R = never>(
  options: PairSettings & MessageDuct.Format<Out, In, R>
): Made<Ends<Out, In>, ConnectError | ListenError, R>
export function pair(options?: PairSettings): Made<Ends<unknown, unknown>, ConnectError | ListenError, never>
export function pair<Out, In, R>(options: PairSettings | (PairSettings & MessageDuct.Format<Out, In, R>) = {}) {
  return hasFormat(options) ? pairOf(options) : pairOf({ ...options, ...json })
}

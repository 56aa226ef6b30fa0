/**
 * What two processes agree on: the messages of both directions, declared once and shared by both programs. Each end of
 * the duct is a service.
 *
 * @since 0.1.0
 */
import type { Address, RawDuct, Transport } from "@ductworks/core"
import type {
  AcceptError,
  AlreadyConnected,
  ConnectError,
  DuctClosed,
  DuctTimeout,
  ListenError
} from "@ductworks/core/DuctError"
import type { ConfigError } from "effect/ConfigError"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as internal from "./internal/contract.js"
import type { MessageDuct, Settings } from "./MessageDuct.js"
import type { SendError } from "./MessageError.js"
import type { Serializer } from "./Serializer.js"

/**
 * Identifies the parent's end of a contract in a context.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parent<in out Id extends string> {
  readonly _: "Parent"
  readonly id: Id
}

/**
 * Identifies the child's end of a contract in a context.
 *
 * @since 0.1.0
 * @category models
 */
export interface Child<in out Id extends string> {
  readonly _: "Child"
  readonly id: Id
}

/**
 * Settings of one end. The framing and the format are part of the contract, since both ends must agree on them.
 *
 * @since 0.1.0
 * @category models
 */
export type EndSettings = Omit<Settings, "framing">

/**
 * Where the parent listens, for how long, and the settings of its end. `R` is what `onListening` needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListenOptions<R = never> extends Omit<Transport.ListenOptions, "backlog">, EndSettings {
  /** Where to listen. Default: a fresh private address, which `onListening` tells. */
  readonly address?: Address.Address
  /** Runs once children can connect, with the actual address: tell it to the child. */
  readonly onListening?: (address: Address.Address) => Effect.Effect<unknown, never, R>
  /** How long to wait for the child, before `DuctTimeout`. Default 60 seconds. */
  readonly acceptTimeout?: Duration.DurationInput
}

/**
 * Where the child connects to, how often it tries, and the settings of its end, whose `timeout` bounds each attempt
 * too.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions extends Omit<Transport.ConnectOptions, "timeout">, EndSettings, RawDuct.RetryOptions {
  /**
   * Where the parent listens. Default: the Config `DUCTWORKS_ADDRESS`, in the text form of `Address`, which is removed
   * from the environment once read, so that this process's own children do not take it for theirs; with it goes
   * `DUCTWORKS_TOKEN`, by which the parent knows its child.
   */
  readonly address?: Address.Address
}

/**
 * Where `serve` listens, how many children it serves at once, and the settings of each child's duct.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServeOptions<R = never> extends Transport.ListenOptions, EndSettings {
  /** Where to listen. Default: a fresh private address, which `onListening` tells. */
  readonly address?: Address.Address
  /** Runs once children can connect, with the actual address. */
  readonly onListening?: (address: Address.Address) => Effect.Effect<unknown, never, R>
  /** How many children are served at once; the next ones wait. Default 256. */
  readonly concurrency?: number
}

/**
 * A contract. It can be used as it is, or as a base class: `class Thumbnails extends Contract.make(…) {}`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Contract<Id extends string, ToChild, ToParent, R = never> {
  new (_: never): object
  readonly id: Id
  /** The parent's end, as a service. */
  readonly Parent: Context.Tag<Parent<Id>, MessageDuct<ToChild, ToParent>>
  /** The child's end, as a service. */
  readonly Child: Context.Tag<Child<Id>, MessageDuct<ToParent, ToChild>>
  /** Listens, waits for one child, and talks with it. The scope closes the duct. */
  readonly listen: <R2 = never>(
    options?: ListenOptions<R2>
  ) => Effect.Effect<
    MessageDuct<ToChild, ToParent>,
    ListenError | AcceptError | AlreadyConnected | DuctTimeout,
    Transport.Transport | Scope.Scope | R | R2
  >
  /** Connects to the parent. The scope closes the duct. */
  readonly connect: (
    options?: ConnectOptions
  ) => Effect.Effect<
    MessageDuct<ToParent, ToChild>,
    ConnectError | AlreadyConnected | DuctClosed | ConfigError | SendError,
    Transport.Transport | Scope.Scope | R
  >
  /** Both ends, in this process. */
  readonly pair: (
    options?: Transport.PairOptions & EndSettings
  ) => Effect.Effect<
    readonly [parent: MessageDuct<ToChild, ToParent>, child: MessageDuct<ToParent, ToChild>],
    ConnectError | ListenError,
    Transport.Transport | Scope.Scope | R
  >
  /** `listen` as a layer. One duct of a contract is a layer; for several use the Effects. */
  readonly layerParent: <R2 = never>(
    options?: ListenOptions<R2>
  ) => Layer.Layer<
    Parent<Id>,
    ListenError | AcceptError | AlreadyConnected | DuctTimeout,
    Transport.Transport | R | Exclude<R2, Scope.Scope>
  >
  /** `connect` as a layer. */
  readonly layerChild: (
    options?: ConnectOptions
  ) => Layer.Layer<
    Child<Id>,
    ConnectError | AlreadyConnected | DuctClosed | ConfigError | SendError,
    Transport.Transport | R
  >
  /** `pair` as a layer: both ends, for tests and for two services in one process. */
  readonly layerPair: (
    options?: Transport.PairOptions & EndSettings
  ) => Layer.Layer<Parent<Id> | Child<Id>, ConnectError | ListenError, Transport.Transport | R>
  /**
   * Listens for any number of children, and runs the handler for each, in a fiber and a scope of its own: when the
   * handler ends, its duct is closed. A handler that fails or dies is logged with its cause; the others and the listener
   * go on. Runs until it is interrupted, or the listener fails.
   */
  readonly serve: <E, R2, R3 = never>(
    options: ServeOptions<R3>,
    handler: (duct: MessageDuct<ToChild, ToParent>) => Effect.Effect<void, E, R2>
  ) => Effect.Effect<never, ListenError | AcceptError, Transport.Transport | R | Exclude<R2 | R3, Scope.Scope>>
  /** The parent's end over a raw duct that stands. */
  readonly parentFromRaw: (
    raw: RawDuct.RawDuct,
    settings?: EndSettings
  ) => Effect.Effect<MessageDuct<ToChild, ToParent>, never, R>
  /** The child's end over a raw duct that stands. */
  readonly childFromRaw: (
    raw: RawDuct.RawDuct,
    settings?: EndSettings
  ) => Effect.Effect<MessageDuct<ToParent, ToChild>, never, R>
}

/**
 * What both ends agree on: a Schema for each direction, the format, and the framing (default `Framing.ductworks`). The
 * services that the Schemas and the format need are needed by whoever makes an end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<A, I, R1, B, J, R2, R3> extends Pick<Settings, "framing"> {
  /** What the parent sends. */
  readonly toChild: Schema.Schema<A, I, R1>
  /** What the child sends. */
  readonly toParent: Schema.Schema<B, J, R2>
  /** How encoded messages are written. Default: JSON. */
  readonly format?: Serializer<unknown, unknown, R3>
}

/**
 * Declares a contract. The id names it in contexts; it is not sent.
 *
 * @example
 * import { Contract } from "@ductworks/message"
 * import { MemoryTransport } from "@ductworks/testing"
 * import { Effect, Layer, Schema } from "effect"
 *
 * class Thumbnails extends Contract.make("app/Thumbnails", {
 *   toChild: Schema.Struct({ path: Schema.String, width: Schema.Number }),
 *   toParent: Schema.Struct({ path: Schema.String, bytes: Schema.Number })
 * }) {}
 *
 * const worker = Effect.gen(function* () {
 *   const duct = yield* Thumbnails.Child
 *   const job = yield* duct.recv
 *   yield* duct.send({ path: job.path, bytes: job.width * 10 })
 * })
 *
 * const program = Effect.gen(function* () {
 *   const duct = yield* Thumbnails.Parent
 *   yield* duct.send({ path: "cat.png", width: 64 })
 *   yield* worker
 *   console.assert((yield* duct.recv).bytes === 640)
 * })
 *
 * const ducts = Thumbnails.layerPair().pipe(Layer.provide(MemoryTransport.layer))
 * await Effect.runPromise(program.pipe(Effect.provide(ducts)))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <const Id extends string, A, I, R1, B, J, R2, R3 = never>(
  id: Id,
  definition: Definition<A, I, R1, B, J, R2, R3>
) => Contract<Id, A, B, R1 | R2 | R3> = internal.make

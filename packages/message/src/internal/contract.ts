import { Address, Connection, RawDuct, Transport } from "@ductworks/core"
import { type AcceptError, DuctTimeout } from "@ductworks/core/DuctError"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Contract from "../Contract.js"
import type { MessageDuct } from "../MessageDuct.js"
import * as Serializer from "../Serializer.js"
import { forget } from "./environment.js"
import { fromRaw } from "./messageDuct.js"

const addressConfig = Schema.Config("DUCTWORKS_ADDRESS", Address.FromString)

/** Who starts a child by hand does not know that variable. */
const explained = (error: ConfigError.ConfigError): ConfigError.ConfigError =>
  ConfigError.isMissingDataOnly(error)
    ? ConfigError.MissingData(
        ["DUCTWORKS_ADDRESS"],
        "nobody told this process where its parent listens: start it with NodeChild, set the variable, or give `address`"
      )
    : error

const tokenConfig = Config.option(Config.redacted("DUCTWORKS_TOKEN"))

/** What the parent left in the environment for this process; read once, then gone from it. */
const inherited = Effect.zipLeft(
  Effect.mapError(Effect.all({ address: addressConfig, token: tokenConfig }), explained),
  Effect.sync(() => {
    forget("DUCTWORKS_ADDRESS")
    forget("DUCTWORKS_TOKEN")
  })
)

/** Tells the Deferred that it succeeded, or how it did not. */
const signalled = <A, E, R>(effect: Effect.Effect<A, E, R>, done: Deferred.Deferred<void, E>) =>
  Effect.onExit(effect, (exit) => Deferred.done(done, Exit.asVoid(exit)))

const noWord = (): Effect.Effect<unknown> => Effect.void

const defaultConcurrency = 256

export const make = <const Id extends string, A, I, R1, B, J, R2, R3 = never>(
  id: Id,
  definition: Contract.Definition<A, I, R1, B, J, R2, R3>
): Contract.Contract<Id, A, B, R1 | R2 | R3> => {
  type R = R1 | R2 | R3
  const toChild: Serializer.Serializer<A, A, R> = Serializer.schema(definition.toChild, definition.format)
  const toParent: Serializer.Serializer<B, B, R> = Serializer.schema(definition.toParent, definition.format)
  const framing = definition.framing === undefined ? {} : { framing: definition.framing }

  const parentFromRaw = (raw: RawDuct.RawDuct, settings: Contract.EndSettings = {}) =>
    fromRaw<A, B, R>(raw, { ...settings, ...framing, outbound: toChild, inbound: toParent })
  const childFromRaw = (raw: RawDuct.RawDuct, settings: Contract.EndSettings = {}) =>
    fromRaw<B, A, R>(raw, { ...settings, ...framing, outbound: toParent, inbound: toChild })

  const listen = <R2 = never>(options: Contract.ListenOptions<R2> = {}) =>
    Effect.gen(function* () {
      const { acceptTimeout = RawDuct.defaultPollTimeout, onListening = noWord } = options
      const raw = yield* RawDuct.parent(options)
      yield* onListening(yield* raw.bind())
      if (yield* raw.listen(acceptTimeout)) return yield* parentFromRaw(raw, options)
      return yield* new DuctTimeout({ operation: "listen", timeout: Duration.decode(acceptTimeout) })
    })

  const connect = (options: Contract.ConnectOptions = {}) =>
    Effect.gen(function* () {
      const { address, token } =
        options.address === undefined
          ? yield* inherited
          : { address: options.address, token: Option.none<Redacted.Redacted>() }
      const raw = yield* RawDuct.child({ ...options, address })
      yield* raw.connect(options)
      if (Option.isSome(token)) yield* raw.sendAll(new TextEncoder().encode(Redacted.value(token.value)))
      return yield* childFromRaw(raw, options)
    })

  const pair = (options: Transport.PairOptions & Contract.EndSettings = {}) =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair(options)
      return [yield* parentFromRaw(left, options), yield* childFromRaw(right, options)] as const
    })

  const serve = <E, R4, R5 = never>(
    options: Contract.ServeOptions<R5>,
    handler: (duct: MessageDuct<A, B>) => Effect.Effect<void, E, R4>
  ) =>
    Effect.gen(function* () {
      const { concurrency = defaultConcurrency, onListening = noWord } = options
      const transport = yield* Transport.Transport
      const listener = yield* transport.listen(Option.fromNullable(options.address), options)
      const scope = yield* Effect.scope
      const places = yield* Effect.makeSemaphore(Connection.sizeOr(concurrency, defaultConcurrency))
      yield* onListening(listener.address)

      const serveOne = (accepted: Deferred.Deferred<void, AcceptError>) =>
        Effect.flatMap(signalled(listener.accept, accepted), (connection) =>
          parentFromRaw(RawDuct.fromConnection(connection, options), options).pipe(
            Effect.flatMap(handler),
            Effect.tapErrorCause((cause) => Effect.logError(`${id}: the handler of a child failed`, cause))
          )
        )
      // A place is taken before the next child is accepted, and given back when its handler has ended.
      const next = Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          yield* restore(places.take(1))
          const accepted = yield* Deferred.make<void, AcceptError>()
          yield* restore(Effect.scoped(serveOne(accepted))).pipe(
            // Told already, to the log or to who waits below.
            Effect.catchAllCause(() => Effect.void),
            Effect.ensuring(places.release(1)),
            Effect.forkIn(scope)
          )
          yield* restore(Deferred.await(accepted))
        })
      )
      return yield* Effect.forever(next)
    }).pipe(Effect.scoped)

  const Parent = Context.GenericTag<Contract.Parent<Id>, MessageDuct<A, B>>(`${id}/Parent`)
  const Child = Context.GenericTag<Contract.Child<Id>, MessageDuct<B, A>>(`${id}/Child`)

  return class {
    static readonly id = id
    static readonly Parent = Parent
    static readonly Child = Child
    static readonly listen = listen
    static readonly connect = connect
    static readonly pair = pair
    static readonly serve = serve
    static readonly parentFromRaw = parentFromRaw
    static readonly childFromRaw = childFromRaw
    static readonly layerParent = <R2 = never>(options?: Contract.ListenOptions<R2>) =>
      Layer.scoped(Parent, listen(options))
    static readonly layerChild = (options?: Contract.ConnectOptions) => Layer.scoped(Child, connect(options))
    static readonly layerPair = (options?: Transport.PairOptions & Contract.EndSettings) =>
      Layer.scopedContext(
        Effect.map(pair(options), ([parent, child]) => Context.make(Parent, parent).pipe(Context.add(Child, child)))
      )
  }
}

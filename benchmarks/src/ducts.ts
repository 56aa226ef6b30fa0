import { Address, RawDuct, type Transport } from "@ductworks/core"
import type { DuctError } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { Cause, Effect, Exit, Layer, Scope } from "effect"
import { Missing, type Start } from "./contender.js"

type Options<Out, In> = MessageDuct.Settings & MessageDuct.Format<Out, In>

/** What carries a duct's bytes; `Unsupported` where this machine cannot. */
export type Carrier = Layer.Layer<Transport.Transport, DuctError.Unsupported>

interface Parent {
  readonly bind: () => Effect.Effect<void, DuctError.DuctError>
  readonly listenerAddress: Effect.Effect<Address.Address, DuctError.DuctError>
  readonly listen: () => Effect.Effect<boolean, DuctError.DuctError>
}

/** Starts the answering process and connects to it; the message duct lives as long as this process. */
export const connectAnswerer = <Out, In>(
  start: Start,
  options: Options<Out, In>,
  carrier: Carrier
): Promise<MessageDuct.MessageDuctParent<Out, In>> => listenFor(start, MessageDuct.parent(options), carrier)

/** The same with a raw duct. */
export const connectRawAnswerer = (start: Start, carrier: Carrier): Promise<RawDuct.RawDuctParent> =>
  listenFor(start, RawDuct.parent(), carrier)

/** Connects to the measuring process and answers it with `program`, until the duct ends. */
export const answerWith = <Out, In, E>(
  address: string,
  options: Options<Out, In>,
  carrier: Carrier,
  program: (duct: MessageDuct.MessageDuct<Out, In>) => Effect.Effect<void, E>
): Promise<void> =>
  Effect.gen(function* () {
    const child = yield* MessageDuct.child({ ...options, address: yield* Address.fromString(address) })
    yield* child.connect()
    yield* program(child)
  }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)

/** The same with a raw duct. */
export const answerRawWith = <E>(
  address: string,
  carrier: Carrier,
  program: (duct: RawDuct.RawDuct) => Effect.Effect<void, E>
): Promise<void> =>
  Effect.gen(function* () {
    const child = yield* RawDuct.child({ address: yield* Address.fromString(address) })
    yield* child.connect()
    yield* program(child)
  }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)

/** What is `Unsupported` here is missing; everything else that fails is a bug of the benchmark. */
export const orMissing = <A, E>(program: Effect.Effect<A, E | DuctError.Unsupported>): Promise<A> =>
  Effect.runPromiseExit(program).then(
    Exit.match({
      onSuccess: (value) => value,
      onFailure: (cause) => {
        const error = Cause.squash(cause)
        throw isUnsupported(error) ? new Missing(error.message) : error
      }
    })
  )

const listenFor = <Duct extends Parent>(
  start: Start,
  parent: Effect.Effect<Duct, never, Transport.Transport | Scope.Scope>,
  carrier: Carrier
): Promise<Duct> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    process.once("beforeExit", () => void Effect.runPromise(Scope.close(scope, Exit.void)))
    const duct = yield* Scope.extend(parent, scope)
    yield* duct.bind()
    start(Address.format(yield* duct.listenerAddress))
    yield* duct.listen()
    return duct
  }).pipe(Effect.provide(carrier), orMissing)

const isUnsupported = (error: unknown): error is DuctError.Unsupported =>
  error instanceof Error && "_tag" in error && error._tag === "Unsupported"

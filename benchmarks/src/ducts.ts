import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { Effect, Exit, Scope } from "effect"
import { startAnswerer } from "./answerer.js"

type Options<Out, In> = MessageDuct.Settings & MessageDuct.Format<Out, In>

/** Starts the answering process of the contender and connects to it; the duct lives as long as this process. */
export const connectAnswerer = <Out, In>(
  contender: string,
  options: Options<Out, In>
): Promise<MessageDuct.MessageDuctParent<Out, In>> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    process.once("beforeExit", () => void Effect.runPromise(Scope.close(scope, Exit.void)))
    const parent = yield* Scope.extend(MessageDuct.parent(options), scope)
    yield* parent.bind()
    startAnswerer(contender, Address.format(yield* parent.listenerAddress))
    yield* parent.listen()
    return parent
  }).pipe(Effect.provide(NodeTransport.layer), Effect.runPromise)

/** Connects to the measuring process and answers it with `program`, until the duct ends. */
export const answerWith = <Out, In, E>(
  address: string,
  options: Options<Out, In>,
  program: (duct: MessageDuct.MessageDuct<Out, In>) => Effect.Effect<void, E>
): Promise<void> =>
  Effect.gen(function* () {
    const child = yield* MessageDuct.child({ ...options, address: yield* Address.fromString(address) })
    yield* child.connect()
    yield* program(child)
  }).pipe(Effect.scoped, Effect.ignore, Effect.provide(NodeTransport.layer), Effect.runPromise)

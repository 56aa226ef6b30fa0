import { Address } from "@ductworks/core"
import { Contract } from "@ductworks/message"
import { Console, Deferred, Effect, Schema } from "effect"

class Letters extends Contract.make("swap-transport/Letters", { toChild: Schema.String, toParent: Schema.Number }) {}

/** Says nothing of how the ends find each other: `Transport` is what it asks for. */
export const program = Effect.gen(function* () {
  const listening = yield* Deferred.make<Address.Address>()

  const parent = Effect.gen(function* () {
    const duct = yield* Letters.listen({
      onListening: (address) => Effect.asVoid(Deferred.succeed(listening, address))
    })
    yield* duct.send("ductworks")
    return yield* duct.recv
  }).pipe(Effect.scoped)

  const child = Effect.gen(function* () {
    const duct = yield* Letters.connect({ address: yield* Deferred.await(listening) })
    const word = yield* duct.recv
    yield* duct.send(word.length)
  }).pipe(Effect.scoped)

  const [letters] = yield* Effect.all([parent, child], { concurrency: "unbounded" })
  const address = Address.format(yield* Deferred.await(listening))
  yield* Console.log(`${letters} letters, by way of ${address}`)
  return { letters, address }
})

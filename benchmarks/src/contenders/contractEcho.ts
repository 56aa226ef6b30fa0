import { Address } from "@ductworks/core"
import { Contract } from "@ductworks/message"
import { Effect, Scope } from "effect"
import { message, type Contender } from "../contender.js"
import { orMissing, type Carrier } from "../ducts.js"
import { Message } from "../schemas.js"
import { run } from "../loops.js"
import { echo, roundTrips } from "./ductEcho.js"

class Echo extends Contract.make("benchmarks/Echo", { toChild: Message, toParent: Message }) {}

/** A round trip of JSON by a contract: a Schema for each direction. */
export const contractEcho = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const duct = await Effect.gen(function* () {
      const onListening = (address: Address.Address) => Effect.sync(() => start(Address.format(address)))
      return yield* Scope.extend(Echo.listen({ onListening }), yield* Scope.make())
    }).pipe(Effect.provide(carrier), orMissing)
    return (count) => run(roundTrips(duct, message, count))
  },
  answer: (text) =>
    Effect.gen(function* () {
      return yield* echo(yield* Echo.connect({ address: yield* Address.fromString(text) }))
    }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)
})

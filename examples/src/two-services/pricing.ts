import { Console, Effect, Option, Stream } from "effect"
import { Pricing } from "./contract.js"

const prices: ReadonlyMap<string, number> = new Map([
  ["apple", 40],
  ["pear", 55]
])

/** The pricing service: it answers until the shop closes the duct. */
export const pricing = Effect.gen(function* () {
  const duct = yield* Pricing.Child
  yield* duct.stream.pipe(
    Stream.map(({ item }) => ({ item, cents: Option.fromNullable(prices.get(item)) })),
    Stream.run(duct.sink)
  )
  yield* Console.log("pricing: the shop has closed")
})

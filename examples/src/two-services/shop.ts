import { Data, Effect, Option } from "effect"
import { Pricing } from "./contract.js"

export class NotSold extends Data.TaggedError("NotSold")<{ readonly item: string }> {}

/** The shop: what a basket costs, in cents. All questions leave at once, and the answers come in order. */
export const total = (basket: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const duct = yield* Pricing.Parent
    yield* duct.sendAll(basket.map((item) => ({ item })))
    const answers = yield* Effect.forEach(basket, () => duct.recv)
    const cents = yield* Effect.forEach(answers, (answer) =>
      Option.match(answer.cents, {
        onNone: () => new NotSold({ item: answer.item }),
        onSome: Effect.succeed
      })
    )
    return cents.reduce((sum, each) => sum + each, 0)
  })

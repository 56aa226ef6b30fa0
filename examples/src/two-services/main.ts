/**
 * Two services that know of each other only the contract. Here they are two processes; `test/recipes.test.ts` runs both
 * in one, with `Pricing.layerPair()` over memory.
 *
 *   npm run build && node examples/dist/two-services/main.js
 */
import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { Pricing } from "./contract.js"
import { total } from "./shop.js"

const command = Command.make(process.execPath, fileURLToPath(new URL("./child.js", import.meta.url)))

const main = Effect.gen(function* () {
  yield* Console.log(`shop: two apples and a pear cost ${yield* total(["apple", "apple", "pear"])} cents`)
  const error = yield* Effect.flip(total(["apple", "yacht"]))
  yield* Console.log(`shop: ${error._tag}${error._tag === "NotSold" ? ` ${error.item}` : ""}`)
})

NodeRuntime.runMain(main.pipe(Effect.provide(NodeChild.layerParent(Pricing, command))))

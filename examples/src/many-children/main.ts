/**
 * One parent, many children that connect when they like: `serve` gives each a typed duct, a fiber and a scope of its
 * own. For children that the parent owns one by one, see `NodeChild` in `restart` and `count`.
 *
 *   npm run build && node examples/dist/many-children/main.js
 */
import { Address } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Deferred, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { Lengths } from "./contract.js"

const script = fileURLToPath(new URL("./child.js", import.meta.url))
const names = ["Ada", "Barbara", "Grace", "Hedy", "Radia"]

const main = Effect.gen(function* () {
  const listening = yield* Deferred.make<Address.Address>()

  const server = Lengths.serve(
    { onListening: (address) => Effect.asVoid(Deferred.succeed(listening, address)) },
    (duct) =>
      Effect.gen(function* () {
        const hello = yield* duct.recv
        if (hello._tag !== "Hello") return
        yield* duct.send({ word: hello.name.repeat(2) })
        const answer = yield* duct.recv
        if (answer._tag === "Length") yield* Console.log(`${hello.name}: ${answer.length}`)
      })
  )

  const children = Effect.gen(function* () {
    const address = Address.format(yield* Deferred.await(listening))
    const child = (name: string) =>
      Command.make(process.execPath, script, name).pipe(
        Command.env({ DUCTWORKS_ADDRESS: address }),
        Command.stderr("inherit"),
        Command.exitCode
      )
    return yield* Effect.forEach(names, child, { concurrency: "unbounded" })
  })

  // The server runs until it is interrupted: here, when every child has ended.
  const codes = yield* Effect.raceFirst(server, children)
  yield* Console.log(`${codes.length} children ended with ${codes.join(", ")}`)
})

NodeRuntime.runMain(main.pipe(Effect.provide(NodeTransport.layer), Effect.provide(NodeContext.layer)))

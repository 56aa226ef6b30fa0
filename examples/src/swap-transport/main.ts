/**
 * The same program over Unix sockets and in memory: only the Layer is another one.
 *
 *   npm run build && node examples/dist/swap-transport/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import { MemoryTransport } from "@ductworks/testing"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

const main = Effect.gen(function* () {
  yield* program.pipe(Effect.provide(NodeTransport.layer))
  yield* program.pipe(Effect.provide(MemoryTransport.layer))
})

NodeRuntime.runMain(main)

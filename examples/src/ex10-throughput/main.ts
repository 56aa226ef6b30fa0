/**
 * How fast big strings go through a Unix duct, both ends in one process. `benchmarks/` measures with more care.
 *
 *   npm run build && node examples/dist/ex10-throughput/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer), Effect.provide(NodeContext.layer)))

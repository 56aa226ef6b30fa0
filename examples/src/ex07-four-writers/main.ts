/**
 * Four fibers send 25 big messages each on one duct.
 *
 *   npm run build && node examples/dist/ex07-four-writers/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))

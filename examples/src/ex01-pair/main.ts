/**
 * A pair of message ducts. With `NodeTransport.layer` it is a Unix socket pair; the program does not know.
 *
 *   npm run build && node examples/dist/ex01-pair/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))

/**
 * Another process inherits both ends of a pair. A duct that is closed without `shutdown` goes on living in the processes
 * that inherited its descriptor: the original closes its child end at once and still receives from it.
 *
 *   npm run build && node examples/dist/ex08-inherited/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { program } from "./program.js"

const script = fileURLToPath(new URL("./child.js", import.meta.url))

NodeRuntime.runMain(program(script).pipe(Effect.provide(NodeTransport.layer)))

/**
 * Values, not bytes: what JSON can say goes through the duct. The socket file lives only as long as it is needed.
 *
 *   npm run build && node examples/dist/ex04-values/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer), Effect.provide(NodeContext.layer)))

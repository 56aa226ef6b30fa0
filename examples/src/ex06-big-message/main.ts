/**
 * A message that is far larger than the kernel's buffers, sent by one fiber and received by another.
 *
 *   npm run build && node examples/dist/ex06-big-message/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))

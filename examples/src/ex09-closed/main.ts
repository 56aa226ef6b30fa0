/**
 * The other end closes: receiving and sending fail with `RemoteDuctClosed`, a typed error that `catchTag` can take.
 *
 *   npm run build && node examples/dist/ex09-closed/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))

/**
 * Descriptors: a socket pair of which a child process inherits one end, an open file that is sent to it, a duplicate, an
 * option, and who is at the other end.
 *
 *   npm run build && node examples/dist/sockets-descriptors/main.js
 */
import { NativeSockets } from "@ductworks/sockets"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NativeSockets.layer)))

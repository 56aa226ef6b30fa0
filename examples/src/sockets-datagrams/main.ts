/**
 * Sockets that keep messages apart: UDP with segmentation by the kernel, a multicast group, Unix datagrams to an abstract
 * name, and SOCK_SEQPACKET. Only the system's own sockets have all of them.
 *
 *   npm run build && node examples/dist/sockets-datagrams/main.js
 */
import { NativeSockets } from "@ductworks/sockets"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NativeSockets.layer)))

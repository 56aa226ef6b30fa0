/**
 * An explicit TCP address, a child that connects while the parent waits, and the end of the duct.
 *
 *   npm run build && node examples/dist/ex03-tcp/main.js
 */
import { Address } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program(Address.TcpAddress("127.0.0.1", 0)).pipe(Effect.provide(NodeTransport.layer)))

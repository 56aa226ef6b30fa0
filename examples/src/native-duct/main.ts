/**
 * The fastest carrier of ducts that this system has: native sockets, or else those of Node. The program does not know.
 *
 *   npm run build && node examples/dist/native-duct/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import { SocketTransport } from "@ductworks/sockets"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { program } from "../ex01-pair/program.js"

const carrier = SocketTransport.layer.pipe(Layer.catchAll(() => NodeTransport.layer))

NodeRuntime.runMain(program.pipe(Effect.provide(carrier)))

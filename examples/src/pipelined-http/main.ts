/**
 * HTTP/1.1 requests, pipelined: all go out one after the other over one connection, before their answers are here. One
 * fiber does it, driven by the events of the socket: writeIterable sends, dataReader reads. The server is Node's own.
 *
 *   npm run build && node examples/dist/pipelined-http/main.js
 */
import { NativeSockets, PortableSockets } from "@ductworks/sockets"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer, Effect } from "effect"
import { program } from "./program.js"

NodeRuntime.runMain(program.pipe(Effect.provide(NativeSockets.layer.pipe(Layer.catchAll(() => PortableSockets.layer)))))

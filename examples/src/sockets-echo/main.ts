/**
 * BSD sockets: an echo over TCP whose client half-closes, and a ping over UDP. Over the native sockets where there is an
 * addon for this system, else over those of Node; then over those of Node in any case. The program is the same.
 *
 *   npm run build && node examples/dist/sockets-echo/main.js
 */
import { NativeSockets, PortableSockets } from "@ductworks/sockets"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { program } from "./program.js"

const best = NativeSockets.layer.pipe(Layer.catchAll(() => PortableSockets.layer))

const main = Effect.gen(function* () {
  yield* program.pipe(Effect.provide(best))
  yield* program.pipe(Effect.provide(PortableSockets.layer))
})

NodeRuntime.runMain(main)

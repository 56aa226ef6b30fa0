/**
 * A service of the application that is another process: the application asks for `Digest`, the Layer starts the child,
 * gives the duct to the service and ends the child with the application. A test gives another Layer.
 *
 *   npm run build && node examples/dist/dependency-injection/main.js
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { app } from "./app.js"
import { layerProcess } from "./Digest.js"

NodeRuntime.runMain(app.pipe(Effect.provide(layerProcess)))

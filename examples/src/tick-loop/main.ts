/**
 * A game over UDP: 20 ticks a second, each of which moves everybody and tells 50 players. One tick takes too long; the
 * next one knows what was missed, and the clock is on time again.
 *
 *   npm run build && node examples/dist/tick-loop/main.js
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { program } from "./program.js"

NodeRuntime.runMain(program)

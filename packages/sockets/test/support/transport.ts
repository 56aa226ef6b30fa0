import * as Effect from "effect/Effect"
import * as fs from "node:fs"

/** What must not stay: descriptors, and what keeps the event loop going (sockets, servers, timers, processes). */
export const openResources = Effect.sync(
  () => fs.readdirSync("/dev/fd").length + process.getActiveResourcesInfo().length
)

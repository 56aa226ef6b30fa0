import { checkTransport } from "@ductworks/testing"
import { Effect, Scope } from "effect"
import { MessageChannel } from "node:worker_threads"
import { connection } from "./PortTransport.js"

/** The laws of every connection, over ports. There is no descriptor to ask for, and nothing to listen at. */
export const checks = checkTransport({
  cannot: ["listen", "fileno"],
  probe: Effect.sync(() => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length),
  connected: (left, right, options) =>
    Effect.suspend(() => {
      const { port1, port2 } = new MessageChannel()
      return Effect.all([
        Scope.extend(connection(port1, options), left),
        Scope.extend(connection(port2, options), right)
      ])
    })
})

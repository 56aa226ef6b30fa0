import { ThreadTransport } from "@ductworks/platform-node"
import { checkTransport } from "@ductworks/testing"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

describe("shared memory", () => {
  const checks = checkTransport({
    cannot: ["listen", "fileno"],
    probe: Effect.sync(() => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length),
    connected: (left, right, options) =>
      Effect.suspend(() => {
        const [here, there] = ThreadTransport.channel()
        return Effect.all([
          Scope.extend(ThreadTransport.connection(here, options), left),
          Scope.extend(ThreadTransport.connection(there, options), right)
        ])
      })
  })
  for (const check of checks) {
    it.live(`DW-42 law ${check.law}: ${check.name}`, () => Effect.provide(check.run, ThreadTransport.layer))
  }
})

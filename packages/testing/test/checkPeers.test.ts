import { checkPeers } from "@ductworks/testing/checkPeers"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { asker } from "./support/asker.js"

const probe = Effect.sync(() => process.getActiveResourcesInfo().length)

for (const kind of ["stream", "datagram"] as const) {
  describe(`checkPeers over memory, ${kind}`, () => {
    const network = MemoryPeers.network()
    const server = MemoryPeers.make(network, { kind })
    for (const check of checkPeers({ kind, server, nobody: "memory:nobody", probe })) {
      it.live(`law ${check.law}: ${check.name}`, () => check.run)
    }
  })
}

describe("checkPeers over memory, exchange", () => {
  const network = MemoryPeers.network()
  const server = MemoryPeers.make(network)
  for (const check of checkPeers({ kind: "exchange", server, ask: asker(network), probe })) {
    it.live(`law ${check.law}: ${check.name}`, () => check.run)
  }
})

import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope, Exit } from "effect"

describe("MemoryPeers", () => {
  it.scoped("a name in use is AddressInUse, and free again when its scope is left", () =>
    Effect.gen(function* () {
      const network = MemoryPeers.network()
      const scope = yield* Scope.make()
      const options = { name: "memory:one" }
      yield* Scope.extend(MemoryPeers.make(network, options), scope)
      const error = yield* Effect.flip(MemoryPeers.make(network, options))
      assert.isTrue(error._tag === "BindFailed" && error.reason === "AddressInUse")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* MemoryPeers.make(network, options)).endpoints, ["memory:one"])
      assert.strictEqual((yield* Effect.flip(MemoryPeers.make(network, { name: "tcp://x:1" })))._tag, "InvalidAddress")
    })
  )

  it.scoped("peers that nobody receives fill the backlog", () =>
    Effect.gen(function* () {
      const network = MemoryPeers.network()
      const server = yield* MemoryPeers.make(network, { backlog: 2 })
      const client = yield* MemoryPeers.make(network)
      const [endpoint = ""] = server.endpoints
      yield* client.connect(endpoint)
      yield* client.connect(endpoint)
      const error = yield* Effect.flip(client.connect(endpoint))
      assert.isTrue(error._tag === "ConnectFailed" && error.reason === "BacklogFull")
      assert.strictEqual(server.stats().refused, 1)
      yield* server.receive
      yield* client.connect(endpoint)
    })
  )
})

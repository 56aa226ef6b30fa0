import { Address } from "@ductworks/core"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { SocketTransport } from "@ductworks/sockets"
import { checkPeers } from "@ductworks/testing/checkPeers"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { freshUnix, openResources } from "./support/transport.js"

const native = Effect.provide(SocketTransport.layer)

type Suite = readonly [
  kind: string,
  address: Effect.Effect<Address.TcpAddress | Address.UnixAddress, never, Scope.Scope>,
  nobody: string
]

const suites: ReadonlyArray<Suite> = [
  ["tcp", Effect.succeed(Address.TcpAddress("127.0.0.1", 0)), "tcp://127.0.0.1:1"],
  ["unix", freshUnix, "unix:/nowhere/at/all"]
]

for (const [kind, address, nobody] of suites) {
  describe(`checkPeers over native ${kind} sockets`, () => {
    const server = native(Effect.flatMap(address, (address) => NodePeers.makeServer({ address })))
    const client = native(NodePeers.makeClient())
    for (const check of checkPeers({ kind: "stream", server, client, nobody, probe: openResources })) {
      it.live(`ST-15 ST-37 law ${check.law}: ${check.name} (${kind}, native)`, () => check.run, 20_000)
    }
  })
}

import { Address, Transport } from "@ductworks/core"
import { Framing } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { MemoryTransport } from "@ductworks/testing"
import { checkPeers, type CheckPeersOptions } from "@ductworks/testing/checkPeers"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshUnix, openResources } from "./support/transport.js"

const suite = (name: string, options: CheckPeersOptions) =>
  describe(`checkPeers over ${name}`, () => {
    for (const check of checkPeers({ probe: openResources, ...options })) {
      it.live(`ST-15 law ${check.law}: ${check.name} (${name})`, () => check.run, 20_000)
    }
  })

let names = 0

const overNode = Effect.provide(NodeTransport.layer)
const tcpClient = overNode(NodePeers.makeClient())

suite("tcp", {
  kind: "stream",
  server: overNode(NodePeers.makeServer()),
  client: tcpClient,
  nobody: "tcp://127.0.0.1:1"
})
suite("unix", {
  kind: "stream",
  server: overNode(Effect.flatMap(freshUnix, (address) => NodePeers.makeServer({ address }))),
  client: tcpClient,
  nobody: "unix:/nowhere/at/all"
})
const memory = Effect.provideService(Transport.Transport, MemoryTransport.make())
suite("memory", {
  kind: "stream",
  server: memory(
    Effect.suspend(() => NodePeers.makeServer({ address: Address.MemoryAddress(`peers-${(names += 1)}`) }))
  ),
  client: memory(NodePeers.makeClient()),
  nobody: "memory:nobody"
})
suite("lines", {
  kind: "stream",
  server: overNode(
    NodePeers.makeServer({
      framing: Framing.lines,
      address: Address.TcpAddress("127.0.0.1", 0),
      maxPacketBytes: 400_000
    })
  ),
  client: overNode(NodePeers.makeClient({ framing: Framing.lines, maxPacketBytes: 400_000 })),
  nobody: "tcp://127.0.0.1:1",
  cannot: ["bytes"]
})

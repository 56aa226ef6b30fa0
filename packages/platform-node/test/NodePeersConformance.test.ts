import { Address } from "@ductworks/core"
import { Framing } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
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

const overNode = Effect.provide(NodeTransport.layer)
const tcpClient = overNode(NodePeers.makeClient())

suite("udp", { kind: "datagram", server: NodePeers.makeUdp() })
suite("udp6", { kind: "datagram", server: NodePeers.makeUdp({ host: "::1" }) })
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

/** The chat's server: one room, which takes part over TCP, UDP and WebSocket at once. */
import { Address } from "@ductworks/core"
import { PeerSocket } from "@ductworks/peers"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import * as NodeWebSocketPeers from "@ductworks/platform-node/NodeWebSocketPeers"
import { Effect } from "effect"
import { servePage } from "./page.js"
import { Chat } from "./protocol.js"
import { makeRoom } from "./room.js"

export interface Options {
  /** The HTML that browsers get. */
  readonly page: string
  /** Default `127.0.0.1`: this machine only. What is said is not encrypted. */
  readonly host?: string
  /** Of the page and its WebSockets. Default 0: any free one. */
  readonly port?: number
  /** Of TCP and of UDP. Default 0: any free one for each. */
  readonly peerPort?: number
}

/** As much as a datagram has by default. */
const maxPacketBytes = 8192

/** Serves until the scope is left, and says good-bye to all. Gives where it can be reached. */
export const serve = ({ host = "127.0.0.1", page, peerPort = 0, port = 0 }: Options) =>
  Effect.gen(function* () {
    const web = yield* servePage(page, { host, port })
    const tcp = yield* NodePeers.makeServer({ address: Address.TcpAddress(host, peerPort), maxPacketBytes })
    const udp = yield* NodePeers.makeUdp({ host, port: peerPort })
    const webSocket = yield* NodeWebSocketPeers.makeServer({
      server: web,
      path: "/chat",
      frames: "text",
      maxPacketBytes
    })

    const { admit, everybody } = yield* makeRoom
    for (const transport of [tcp, udp, webSocket]) {
      yield* PeerSocket.makeWith(transport, Chat, {
        metaSocket: everybody,
        // Before anybody is heard, so that nobody leaves unnoticed.
        childSetup: admit,
        heartbeat: "2 seconds",
        // Rather than to miss some of what is said: it can come back.
        slowPeer: "disconnect"
      })
    }
    yield* Effect.addFinalizer(() => Effect.ignore(everybody.send.bye(null)))

    return { tcp: endpointOf(tcp), udp: endpointOf(udp), webSocket: endpointOf(webSocket) }
  })

const endpointOf = ({ endpoints: [first = ""] }: PeerTransportService) => first

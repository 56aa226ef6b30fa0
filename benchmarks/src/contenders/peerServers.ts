/** Servers of the peer sockets' cases: ours, and what one would write by hand for the same packets. */
import type { Transport } from "@ductworks/core/Transport"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { PeerProtocol, PeerSocket } from "@ductworks/peers"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as SocketPeers from "@ductworks/sockets/SocketPeers"
import { Effect, Schema, Scope } from "effect"
import { byHandOverTcp, byHandOverUdp } from "./peerByHand.js"
import { text } from "./peerClients.js"

/** A server that answers each message with itself, as long as this process lives. */
export interface Server {
  readonly port: number
  /** Known peers. */
  readonly size: () => number
  /** Sends the message of the cases to all of them. */
  readonly broadcast: () => Promise<void>
}

export const servers = {
  "by hand, TCP": byHandOverTcp,
  "by hand, UDP": byHandOverUdp,
  "PeerSocket, TCP": () => saying(NodePeers.makeServer()),
  "PeerSocket, UDP": () => saying(NodePeers.makeUdp({ receiveBufferBytes: 4 * 1024 * 1024 })),
  "PeerSocket, native UDP": () => saying(SocketPeers.makeUdp({ receiveBufferBytes: 4 * 1024 * 1024 }))
}

export class Say extends PeerProtocol.make("bench/Say", { say: { schema: Schema.String } }) {}

type Make = Effect.Effect<PeerTransportService, unknown, Scope.Scope | Transport>

/** With room and time for the clients of the cases, which are many and may never speak. */
export const roomy = { maxPeers: 20_000, timeout: "1 hour", firstMessageTimeout: "1 hour" } as const

const saying = (make: Make): Promise<Server> =>
  Effect.gen(function* () {
    const transport = yield* make
    const socket = yield* PeerSocket.makeWith(transport, Say, roomy)
    yield* socket.handle("say", (peer, data) =>
      socket.knows(peer)
        ? socket.send.say(data, peer)
        : Effect.zipRight(socket.accept(peer), socket.send.say(data, peer))
    )
    const [endpoint = ""] = socket.endpoints
    const broadcast = socket.send.say(text)
    return {
      port: portOf(endpoint),
      size: () => socket.knownPeers.size,
      broadcast: () => Effect.runPromise(broadcast)
    }
  }).pipe(asLongAsWeLive)

export const portOf = (endpoint: string): number => Number(endpoint.slice(endpoint.lastIndexOf(":") + 1))

export const asLongAsWeLive = <A>(program: Effect.Effect<A, unknown, Scope.Scope | Transport>): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(Scope.make(), (scope) => Scope.extend(Effect.provide(program, NodeTransport.layer), scope))
  )

import { PeerSocket } from "@ductworks/peers"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { Effect } from "effect"
import { Game } from "./protocol.js"

/** Somebody who plays until the scope is left: what of the game is seen. */
export const play = (endpoint: string) =>
  Effect.gen(function* () {
    const seen = { player: 0, snapshots: 0, tick: -1, position: 0 }
    const transport = yield* NodePeers.makeUdp()
    const socket = yield* PeerSocket.makeWith(transport, Game)
    yield* socket.handle("snapshot", (server, { positions, tick }) => {
      if (tick <= seen.tick) return Effect.void
      seen.snapshots += 1
      seen.tick = tick
      seen.position = positions.find(([player]) => player === seen.player)?.[1] ?? 0
      // Also tells the server that somebody is still here.
      return socket.send.steer({ velocity: seen.player }, server)
    })
    const server = yield* socket.connect(endpoint)
    const join = socket.request.join(null, server, { timeout: "1 second" })
    seen.player = (yield* Effect.retry(join, { times: 5 })).player
    return seen
  })

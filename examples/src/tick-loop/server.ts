import { PeerSocket } from "@ductworks/peers"
import type { Tick } from "@ductworks/peers/PeerOptions"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { Console, Data, Deferred, Duration, Effect } from "effect"
import { Game } from "./protocol.js"

/** 20 Hz. */
const interval = Duration.millis(50)

export class Full extends Data.TaggedError("Full") {}

/** A server of the game. Its clock begins with `run`, and stops with the first tick that is not before `end`. */
export const serve = Effect.gen(function* () {
  let players = 0
  const transport = yield* NodePeers.makeUdp()
  const socket = yield* PeerSocket.makeWith(transport, Game, {
    metadata: () => ({ player: ++players, position: 0, velocity: 0 })
  })

  // A datagram can come from anybody: only who joins gets snapshots, and whoever falls silent is forgotten.
  yield* socket.handle("join", (peer) =>
    Effect.gen(function* () {
      yield* socket.accept(peer)
      const known = socket.knownPeers.get(peer.id)
      return known === undefined ? yield* new Full() : { player: known.metadata.player }
    })
  )
  yield* socket.handle("steer", (peer, { velocity }) =>
    Effect.sync(() => {
      const known = socket.knownPeers.get(peer.id)
      if (known !== undefined) known.metadata.velocity = velocity
    })
  )

  /** What was missed has passed all the same: everybody moves on as far as the clock did. */
  const step = ({ index, missed }: Tick) => {
    const seconds = Duration.toSeconds(interval) * (1 + missed)
    const positions = [...socket.knownPeers.values()].map(({ metadata }) => {
      metadata.position += metadata.velocity * seconds
      return [metadata.player, metadata.position] as const
    })
    return socket.send.snapshot({ tick: index, positions })
  }

  const run = (end: number, work: (tick: Tick) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      let done = 0
      let missed = 0
      const over = yield* Deferred.make<void>()
      const clock = yield* socket.timed(interval, (tick) =>
        Effect.gen(function* () {
          done += 1
          missed += tick.missed
          if (tick.missed > 0) {
            yield* Console.log(`tick ${tick.index}: missed ${tick.missed}, since the last one took too long`)
          }
          yield* step(tick)
          yield* work(tick)
          if (tick.index + 1 >= end) yield* Deferred.succeed(over, undefined)
        })
      )
      yield* Deferred.await(over)
      yield* clock.remove
      return { done, missed }
    })

  return { endpoint: transport.endpoints[0] ?? "", socket, run }
})

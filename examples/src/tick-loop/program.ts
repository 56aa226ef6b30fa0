import { Console, Effect } from "effect"
import { play } from "./player.js"
import { serve } from "./server.js"

const players = 50
const ticks = 30

export const program = Effect.gen(function* () {
  const server = yield* serve
  const seen = yield* Effect.replicateEffect(play(server.endpoint), players, { concurrency: "unbounded" })
  yield* Console.log(`${server.socket.knownPeers.size} players have joined`)

  // One tick takes longer than the time to the next two, as when a garbage collection hits it.
  const { done, missed } = yield* server.run(ticks, ({ index }) => Effect.sleep(index === 15 ? "120 millis" : 0))
  yield* Console.log(`${done} ticks were run and ${missed} missed`)
  const snapshots = seen.reduce((sum, { snapshots }) => sum + snapshots, 0)
  yield* Console.log(`the players saw ${snapshots} of ${done * players} snapshots`)
  return { done, missed, seen }
}).pipe(Effect.scoped)

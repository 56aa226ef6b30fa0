/** One of the swarm: `worker.js <endpoint> <name> [signal that hits it in the middle of its first piece]`. */
import { PeerSocket } from "@ductworks/peers"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Stream } from "effect"
import { pulse, Swarm } from "./protocol.js"

const [, , endpoint = "", name = "nobody", accident] = process.argv

const primesIn = (from: number, to: number): number => {
  let count = 0
  for (let n = Math.max(from, 2); n < to; n++) {
    let divisor = 2
    while (divisor * divisor <= n && n % divisor !== 0) divisor++
    if (divisor * divisor > n) count++
  }
  return count
}

const worker = Effect.gen(function* () {
  const socket = yield* PeerSocket.make(Swarm, {
    ...pulse,
    handlers: {
      primes: (_, { from, to }) =>
        Effect.gen(function* () {
          const middle = Math.floor((from + to) / 2)
          const low = primesIn(from, middle)
          if (accident !== undefined) process.kill(process.pid, accident)
          // A long computation takes the heartbeats their turn: cut it like this, or give it a thread.
          yield* Effect.sleep(0)
          return low + primesIn(middle, to)
        })
    }
  })
  const dismissed = yield* Effect.fork(Stream.runHead(Stream.filter(socket.events, ({ _tag }) => _tag !== "Joined")))
  yield* socket.send.ready({ name }, yield* socket.connect(endpoint))
  // Whether all is done or the hive is dead: nobody is left to work for.
  yield* dismissed
})

const transport = Layer.provide(NodePeers.layerClient(), NodeTransport.layer)

NodeRuntime.runMain(worker.pipe(Effect.scoped, Effect.provide(transport)))

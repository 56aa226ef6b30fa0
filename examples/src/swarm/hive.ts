import { PeerSocket } from "@ductworks/peers"
import type { Peer } from "@ductworks/peers/PeerTransport"
import { Console, Data, Deferred, Effect, Queue } from "effect"
import { pulse, Swarm } from "./protocol.js"

export class NobodyLeft extends Data.TaggedError("NobodyLeft")<{ readonly done: number }> {}

interface Worker {
  readonly name: string
  readonly peer: Peer
}

/** How a worker is started, given the endpoint of the hive; and what is done about one that was lost. */
export interface Crew<E, R> {
  readonly names: ReadonlyArray<string>
  readonly start: (endpoint: string, name: string) => Effect.Effect<unknown, E, R>
  readonly bury: (name: string) => Effect.Effect<unknown, E, R>
}

/**
 * Counts the primes below `limit` in so many pieces: how many there are, and how many pieces each worker did. The piece
 * of a worker that is lost goes to another one. When it is over the workers are dismissed, since their hive is closed.
 */
export const count = <E, R>(limit: number, pieces: number, crew: Crew<E, R>) =>
  Effect.gen(function* () {
    const arrivals = yield* Queue.unbounded<Worker>()
    const hive = yield* PeerSocket.make(Swarm, {
      ...pulse,
      handlers: { ready: (peer, { name }) => Queue.offer(arrivals, { name, peer }) }
    })
    yield* Effect.forEach(crew.names, (name) => crew.start(hive.endpoints[0] ?? "", name), { discard: true })
    const workers = yield* Effect.timeout(Queue.takeN(arrivals, crew.names.length), "30 seconds")
    yield* Console.log(`${workers.length} workers are ready`)

    const todo = yield* Queue.unbounded<number>()
    yield* Queue.offerAll(
      todo,
      Array.from({ length: pieces }, (_, piece) => piece)
    )
    const done = new Map<number, { readonly by: string; readonly primes: number }>()
    const finished = yield* Deferred.make<void>()

    const nextPiece = ({ name, peer }: Worker) =>
      Effect.gen(function* () {
        const piece = yield* Queue.take(todo)
        const bound = (piece: number) => Math.round((piece * limit) / pieces)
        const primes = yield* Effect.tapError(
          hive.request.primes({ from: bound(piece), to: bound(piece + 1) }, peer),
          () => Queue.offer(todo, piece)
        )
        done.set(piece, { by: name, primes })
        if (done.size === pieces) yield* Deferred.succeed(finished, undefined)
      })

    const employ = (worker: Worker) =>
      Effect.forever(nextPiece(worker)).pipe(
        Effect.catchTag("PeerLost", "UnknownPeer", "DuctTimeout", (error) =>
          Effect.zipRight(Console.log(`${worker.name} is lost: ${error.message}`), crew.bury(worker.name))
        )
      )

    yield* Effect.forEach(workers, employ, { concurrency: "unbounded", discard: true }).pipe(
      Effect.zipRight(Effect.suspend(() => new NobodyLeft({ done: done.size }))),
      Effect.raceFirst(Deferred.await(finished))
    )
    const results = [...done.values()]
    return {
      primes: results.reduce((sum, { primes }) => sum + primes, 0),
      shares: crew.names.map((name) => results.filter(({ by }) => by === name).length)
    }
  }).pipe(Effect.scoped)

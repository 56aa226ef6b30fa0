import { Effect } from "effect"
import type { Contender } from "../contender.js"
import { Laps } from "../figure.js"
import { acceptSock, answerSock } from "../sockets.js"

const size = 64

/** A round trip of 64 bytes on `Sock`, with Effect in both processes. */
export const sockEcho: Contender = {
  measure: async (start) => {
    const sock = await acceptSock(start)
    const message = new Uint8Array(size).fill(7)
    const buffer = new Uint8Array(size)
    const trips = (laps: Laps) =>
      Effect.gen(function* () {
        do {
          yield* sock.send(message)
          yield* sock.recvExactInto(buffer)
        } while (!laps.lap())
        return laps.figure()
      })
    return (count) => Effect.runPromise(trips(new Laps(count)))
  },
  answer: (path) =>
    answerSock(path, (sock) =>
      Effect.gen(function* () {
        const buffer = new Uint8Array(size)
        while (true) {
          yield* sock.recvExactInto(buffer)
          yield* sock.send(buffer)
        }
      })
    )
}

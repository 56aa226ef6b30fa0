import { Effect } from "effect"
import type { Contender } from "../contender.js"
import { Laps } from "../figure.js"
import { forever, run, trips } from "../loops.js"
import { acceptSock, answerSock, type Waiting } from "../sockets.js"

const size = 64

const make = (waiting: Waiting): Contender => ({
  measure: async (start) => {
    const sock = await acceptSock(start, waiting)
    const message = new Uint8Array(size).fill(7)
    const buffer = new Uint8Array(size)
    const trip = Effect.flatMap(sock.send(message), () => sock.recvExactInto(buffer))
    return (count) => run(trips(trip, new Laps(count)))
  },
  answer: (path) =>
    answerSock(
      path,
      (sock) => {
        const buffer = new Uint8Array(size)
        return forever(Effect.flatMap(sock.recvExactInto(buffer), () => sock.send(buffer)))
      },
      waiting
    )
})

/** A round trip of 64 bytes on `Sock`, with Effect in both processes. */
export const sockEcho = make("sleeping")
export const sockEchoSpinning = make("spinning")

import type { Sock } from "@ductworks/sockets/Sock"
import { SO, SOL } from "@ductworks/sockets/SocketConstants"
import { Effect } from "effect"
import { now, rateSince, type Contender } from "../contender.js"
import { run, times, untilReceived } from "../loops.js"
import { askFor, asked, MiB } from "../oneWay.js"
import { acceptSock, answerSock, type Waiting } from "../sockets.js"

/** Receives so many bytes into the buffer, again and again. */
type Receive = (sock: Sock, buffer: Uint8Array, bytes: number) => Effect.Effect<void, unknown>

/** 1 MiB one way on `Sock`, into one reused buffer; with the system's default send buffer, or one of that size. */
const make = (receive: Receive, sendBuffer?: number, waiting?: Waiting): Contender => ({
  measure: async (start) => {
    const sock = await acceptSock(start, waiting)
    const buffer = new Uint8Array(MiB)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* sock.send(askFor(count))
        yield* receive(sock, buffer, count * MiB)
        return rateSince(begun, count * MiB)
      })
    return (count) => run(round(count))
  },
  answer: (path) =>
    answerSock(
      path,
      (sock) =>
        Effect.gen(function* () {
          const payload = new Uint8Array(MiB)
          if (sendBuffer !== undefined) yield* sock.setsockopt(SOL.SOCKET, SO.SNDBUF, sendBuffer)
          while (true) {
            const count = asked(yield* sock.recvExact(4))
            yield* times(count, () => sock.send(payload))
          }
        }),
      waiting
    )
})

const exactly: Receive = (sock, buffer, bytes) => times(bytes / buffer.length, () => sock.recvExactInto(buffer))

const asItComes: Receive = (sock, buffer, bytes) => untilReceived(bytes, sock.recvInto(buffer))

export const sockRecvExactInto = make(exactly)

export const sockRecvInto = make(asItComes)

export const sockRecvExactIntoSpinning = make(exactly, undefined, "spinning")

export const sockRecvIntoSpinning = make(asItComes, undefined, "spinning")

export const sockRecvExactIntoRoomy = make(exactly, MiB)

export const sockRecvIntoRoomy = make(asItComes, MiB)

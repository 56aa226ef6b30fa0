import type { Sock } from "@ductworks/sockets/Sock"
import { Effect } from "effect"
import { now, rateSince, type Contender } from "../contender.js"
import { askFor, asked, MiB } from "../oneWay.js"
import { acceptSock, answerSock } from "../sockets.js"

/** Receives so many bytes into the buffer, again and again. */
type Receive = (sock: Sock, buffer: Uint8Array, bytes: number) => Effect.Effect<void, unknown>

/** 1 MiB one way on `Sock`, into one reused buffer. */
const make = (receive: Receive): Contender => ({
  measure: async (start) => {
    const sock = await acceptSock(start)
    const buffer = new Uint8Array(MiB)
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* sock.send(askFor(count))
        yield* receive(sock, buffer, count * MiB)
        return rateSince(begun, count * MiB)
      })
    return (count) => Effect.runPromise(round(count))
  },
  answer: (path) =>
    answerSock(path, (sock) =>
      Effect.gen(function* () {
        const payload = new Uint8Array(MiB)
        while (true) {
          const count = asked(yield* sock.recvExact(4))
          for (let i = 0; i < count; i++) yield* sock.send(payload)
        }
      })
    )
})

export const sockRecvExactInto = make((sock, buffer, bytes) =>
  Effect.gen(function* () {
    for (let left = bytes; left > 0; left -= buffer.length) yield* sock.recvExactInto(buffer)
  })
)

export const sockRecvInto = make((sock, buffer, bytes) =>
  Effect.gen(function* () {
    for (let left = bytes; left > 0;) left -= yield* sock.recvInto(buffer)
  })
)

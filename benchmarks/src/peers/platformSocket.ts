import type { Socket } from "@effect/platform"
import { NodeSocket } from "@effect/platform-node"
import { Deferred, Effect } from "effect"
import net from "node:net"
import { type Contender, message } from "../contender.js"
import { Laps } from "../figure.js"
import { frame } from "../handwritten.js"
import { framesOf } from "../handwritten.js"
import { acceptSocket, closed } from "../netSockets.js"

/** Runs the socket's handler for good, and gives its write. */
const serve = (socket: Socket.Socket, onMessage: (value: unknown) => void) =>
  Effect.gen(function* () {
    const write = yield* socket.writer
    const open = yield* Deferred.make<void>()
    const frames = framesOf(onMessage)
    yield* Effect.forkScoped(
      Effect.ignore(
        socket.run((data) => frames(Buffer.from(data)), { onOpen: Effect.asVoid(Deferred.succeed(open, undefined)) })
      )
    )
    yield* Deferred.await(open)
    return (value: unknown) => write(frame(value))
  })

/** A round trip of JSON over `@effect/platform`'s Socket. */
export const platformSocketEcho: Contender = {
  measure: async (start) => {
    const duplex = await acceptSocket(start)
    let onMessage: (value: unknown) => void = () => {}
    const open = Effect.gen(function* () {
      const socket = yield* NodeSocket.fromDuplex(Effect.succeed(duplex))
      return yield* serve(socket, (value) => onMessage(value))
    })
    const send = await new Promise<(value: unknown) => Effect.Effect<void, unknown>>((resolve) => {
      const program = Effect.zipRight(
        Effect.flatMap(open, (write) => Effect.sync(() => resolve(write))),
        Effect.never
      )
      Effect.runFork(Effect.scoped(program))
    })
    return (count) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const laps = new Laps(count)
          do {
            yield* send(message)
            yield* Effect.async<unknown>((resume) => {
              onMessage = (value) => resume(Effect.succeed(value))
            })
          } while (!laps.lap())
          return laps.figure()
        })
      )
  },
  answer: async (path) => {
    const duplex = await new Promise<net.Socket>((resolve) => {
      const socket = net.connect({ path }, () => resolve(socket))
    })
    const program = Effect.gen(function* () {
      const socket = yield* NodeSocket.fromDuplex(Effect.succeed(duplex))
      const runtime = yield* Effect.runtime()
      let send: (value: unknown) => Effect.Effect<void, unknown> = () => Effect.void
      send = yield* serve(socket, (value) => void Effect.runFork(Effect.provide(send(value), runtime)))
      return yield* Effect.never
    })
    Effect.runFork(Effect.scoped(program))
    await closed(duplex)
  }
}

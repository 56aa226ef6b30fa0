import { Transport, type Connection } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { Duration, Effect, Scope } from "effect"
import { eachSince, now, type Contender } from "../contender.js"

/** Waits until something is here. */
type Wait = (connection: Connection.Connection) => Effect.Effect<unknown, unknown>

/** A ping-pong of one byte over memory, in one process; the measured end waits in this way. */
const make = (wait: Wait): Contender => ({
  measure: async () => {
    const scope = Effect.runSync(Scope.make())
    const [here, there] = await Transport.Transport.pipe(
      Effect.flatMap((transport) => Scope.extend(transport.pair(), scope)),
      Effect.provide(MemoryTransport.layer),
      Effect.runPromise
    )
    Effect.runFork(Effect.forever(Effect.flatMap(there.pull, (chunks) => there.write(chunks))))
    return (count) => Effect.runPromise(pingPong(here, wait, count))
  }
})

const pingPong = (here: Connection.Connection, wait: Wait, count: number) =>
  Effect.gen(function* () {
    const begun = now()
    for (let i = 0; i < count; i++) {
      yield* here.write([Uint8Array.of(i)])
      yield* wait(here)
      yield* here.pull
    }
    return eachSince(begun, count)
  })

const forLong = Duration.seconds(30)

export const waitWithoutTimeout = make((connection) => connection.readable)

export const pollWithTimeout = make((connection) => connection.poll(forLong))

export const effectTimeout = make((connection) => Effect.timeoutOption(connection.readable, forLong))

import { Address } from "@ductworks/core"
import type { Connection } from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import { MessageDuct, Serializer } from "@ductworks/message"
import { Effect, Option, Scope } from "effect"
import { type Contender } from "../contender.js"
import { answerRawWith, answerWith, connectAnswerer, connectRawAnswerer, orMissing, type Carrier } from "../ducts.js"
import { Laps } from "../figure.js"
import { forever, lasting, run, trips } from "../loops.js"

const message = new Uint8Array(64).fill(7)

const round =
  <E>(trip: Effect.Effect<unknown, E>) =>
  (count: number) =>
    run(Effect.suspend(() => trips(trip, new Laps(count))))

const echo = (connection: Connection) => forever(Effect.flatMap(connection.pull, (chunks) => connection.write(chunks)))

/** A round trip of 64 bytes by `pull` and `write` of a connection: its laws, and nothing else. */
export const connectionEcho = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const connection = await Effect.gen(function* () {
      const transport = yield* Transport
      const scope = yield* lasting
      const listener = yield* Scope.extend(transport.listen(Option.none()), scope)
      start(Address.format(listener.address))
      return yield* Scope.extend(listener.accept, scope)
    }).pipe(Effect.provide(carrier), orMissing)
    return round(Effect.zipRight(connection.write([message]), connection.pull))
  },
  answer: (address) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      return yield* echo(yield* transport.connect(yield* Address.fromString(address)))
    }).pipe(Effect.scoped, Effect.ignore, Effect.provide(carrier), Effect.ignore, Effect.runPromise)
})

/** The same by `sendAll` and `recvExact` of a raw duct: copies, time-outs, exact counts. */
export const rawDuctEcho = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const duct = await connectRawAnswerer(start, carrier)
    return round(Effect.zipRight(duct.sendAll(message), duct.recvExact(message.length)))
  },
  answer: (address) =>
    answerRawWith(address, carrier, (duct) =>
      forever(Effect.flatMap(duct.recvExact(message.length), (bytes) => duct.sendAll(bytes)))
    )
})

/** The same by `send` and `recv` of a message duct of bytes: frames, limits, whole messages. */
export const bytesDuctEcho = (carrier: Carrier, size: number): Contender => {
  const format: MessageDuct.Format<Uint8Array, Uint8Array> = { serializer: Serializer.bytes }
  return {
    measure: async (start) => {
      const duct = await connectAnswerer(start, format, carrier)
      return round(Effect.zipRight(duct.send(new Uint8Array(size).fill(7)), duct.recv))
    },
    answer: (address) => answerWith(address, format, carrier, (duct) => forever(Effect.flatMap(duct.recv, duct.send)))
  }
}

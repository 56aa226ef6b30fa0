import { type MessageDuct, Serializer } from "@ductworks/message"
import { Duration, Effect } from "effect"
import { message, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"
import { Laps } from "../figure.js"
import { forever, run, trips } from "../loops.js"
import { Message } from "../schemas.js"

const make =
  <A>(options: MessageDuct.Settings & MessageDuct.Format<A, A>, value: A) =>
  (carrier: Carrier): Contender => ({
    measure: async (start) => {
      const duct = await connectAnswerer(start, options, carrier)
      return (count) => run(roundTrips(duct, value, count))
    },
    answer: (address) => answerWith(address, options, carrier, echo)
  })

export const roundTrips = <A>(duct: MessageDuct.MessageDuct<A, A>, value: A, count: number) =>
  Effect.suspend(() =>
    trips(
      Effect.flatMap(duct.send(value), () => duct.recv),
      new Laps(count)
    )
  )

export const echo = <A>(duct: MessageDuct.MessageDuct<A, A>) => forever(Effect.flatMap(duct.recv, duct.send))

const serializer = Serializer.json()

/** A round trip of JSON, with Effect in both processes. */
export const ductEcho = make<unknown>({ serializer }, message)

/** The same, encoded and decoded with a Schema in both processes. */
export const ductSchemaEcho = make<typeof Message.Type>({ serializer: Serializer.jsonSchema(Message) }, message)

export const ductEchoWithoutTimeouts = make<unknown>({ serializer, timeout: Duration.infinity }, message)

/** A lock that is always free: what asking costs. */
const free: MessageDuct.Lock = { acquire: Effect.void, release: Effect.void }

export const ductEchoWithLocks = make<unknown>({ serializer, sendLock: free, recvLock: free }, message)

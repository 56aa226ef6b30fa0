import type { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import type { Serializer } from "@ductworks/message/Serializer"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** The payload as the duct sends it. */
export const toBytes = (payload: Uint8Array | string): Uint8Array =>
  typeof payload === "string" ? utf8(payload) : payload

/** There and back through bytes. */
export const roundTrip = <Out, In, R>(
  serializer: Serializer<Out, In, R>,
  message: Out
): Effect.Effect<In, SerializeError | DeserializeError, R> =>
  Effect.flatMap(serializer.encode(message), (payload) => serializer.decode(toBytes(payload)))

/** What a duct gets without running anything: the value or the error of an Exit. Throws if it is no Exit. */
export const now = <A, E, R>(effect: Effect.Effect<A, E, R>): A | E => {
  if (!isExit(effect)) throw new Error("not synchronous: this is no Exit")
  return Effect.runSync(Effect.merge(effect))
}

const isExit = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

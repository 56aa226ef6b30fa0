/** What goes wrong in a format, as the typed errors: the one place that looks at what formats throw. */
import { quoteText } from "@ductworks/core/DuctError"
import * as Exit from "effect/Exit"
import type { Fault } from "../Framing.js"
import { DeserializeError, MessageProtocolError, MessageTooLarge, SerializeError } from "../MessageError.js"

/** Thrown by this package's own formats: its text is fit to print, and there is nothing underneath. */
export class Problem extends Error {}

/**
 * Runs a synchronous encoder: what it throws, or that its result is no payload, becomes a `SerializeError`.
 *
 * @param check left out where `encode` is known to give a payload: to look at all of a large text takes long
 */
export const encodeWith = <Out>(
  serializer: string,
  message: Out,
  encode: (message: Out) => Uint8Array | string,
  check?: (payload: Uint8Array | string) => Uint8Array | string
): Exit.Exit<Uint8Array | string, SerializeError> => {
  try {
    const payload = encode(message)
    return Exit.succeed(check === undefined ? payload : check(payload))
  } catch (thrown) {
    return Exit.fail(serializeError(serializer, thrown))
  }
}

/** Runs a synchronous decoder: what it throws becomes a `DeserializeError`. */
export const decodeWith = <In>(
  serializer: string,
  payload: Uint8Array,
  decode: (payload: Uint8Array) => In
): Exit.Exit<In, DeserializeError> => {
  try {
    return Exit.succeed(decode(payload))
  } catch (thrown) {
    return Exit.fail(deserializeError(serializer, payload.length, thrown))
  }
}

/** The duct writes text as UTF-8, which has no lone surrogates; they would leave as U+FFFD, unnoticed. */
export const checkPayload = (payload: Uint8Array | string): Uint8Array | string => {
  if (typeof payload === "string") {
    if (!payload.isWellFormed()) throw new Problem("the text has a lone surrogate, which UTF-8 cannot carry")
  } else if (!(payload instanceof Uint8Array)) {
    throw new Problem("the format gave neither bytes nor text")
  }
  return payload
}

export const serializeError = (serializer: string, thrown: unknown): SerializeError =>
  new SerializeError({ serializer, ...explain(thrown) })

export const deserializeError = (serializer: string, size: number, thrown: unknown): DeserializeError =>
  new DeserializeError({ serializer, size, ...explain(thrown) })

/** What a decoder found, whose limit is of this name. */
export const protocolError = (fault: Fault, limitName: string): MessageProtocolError | MessageTooLarge =>
  fault._tag === "BadMagic"
    ? new MessageProtocolError({ expected: fault.expected, received: fault.received })
    : new MessageTooLarge({ direction: "recv", size: fault.size, limit: fault.limit, limitName })

const explain = (thrown: unknown): { readonly problem: string; readonly cause?: unknown } => {
  if (thrown instanceof Problem) return { problem: thrown.message }
  try {
    return { problem: quoteText(thrown instanceof Error ? thrown.message : String(thrown)), cause: thrown }
  } catch {
    return { problem: "something was thrown that cannot be shown" }
  }
}

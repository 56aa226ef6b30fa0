import type { Effect } from "effect/Effect"
import type { DeserializeError } from "../MessageError.js"

type Decode<In, R> = (payload: Uint8Array) => Effect<In, DeserializeError, R>

const key: unique symbol = Symbol("ductworks/releases")

/**
 * Says of a `decode` that nobody looks at a payload once its message is there: the memory of a large one then gets a later
 * one. It stands at the function and not at its serializer: one that is copied with another `decode` keeps its payloads.
 */
export const releasing = <In, R>(decode: Decode<In, R>): Decode<In, R> => Object.assign(decode, { [key]: true })

export const releases = <In, R>(decode: Decode<In, R>): boolean => key in decode

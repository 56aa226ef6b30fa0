/**
 * How messages become payloads and back.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { DeserializeError, SerializeError } from "./MessageError.js"

/**
 * A format of messages. `encode` and `decode` return Effects; a synchronous format returns an `Exit` (which is an
 * Effect), and a duct looks at it without running anything. Neither throws, and neither keeps or changes what it was
 * given: a decoded value owns its bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Serializer<in Out, out In = Out, out R = never> {
  /** For errors, and for both ends to compare. */
  readonly name: string
  /** The default of `maxMessageBytes` for ducts with this format. */
  readonly maxMessageBytes: number
  /** The payload, as bytes, or as text which the duct writes as UTF-8 (it has no lone surrogates). */
  readonly encode: (message: Out) => Effect.Effect<Uint8Array | string, SerializeError, R>
  /** The message of a payload, which is borrowed: the bytes may change once this Effect has completed. */
  readonly decode: (payload: Uint8Array) => Effect.Effect<In, DeserializeError, R>
}

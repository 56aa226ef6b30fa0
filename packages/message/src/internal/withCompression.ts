import { andThen } from "@ductworks/core/Settled"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Serializer } from "../Serializer.js"
import { deserializeError, Problem, serializeError } from "./faults.js"
import { limitOr } from "./limit.js"
import { failWith } from "./settled.js"

interface Compression {
  readonly name: string
  readonly compress: (bytes: Uint8Array) => Uint8Array | Effect.Effect<Uint8Array, unknown>
  readonly decompress: (bytes: Uint8Array, maxOutputLength: number) => Uint8Array | Effect.Effect<Uint8Array, unknown>
  readonly maxMessageBytes?: number
}

/** The limit holds for what goes into `compress`, so that nothing is sent that the other end must refuse. */
export const withCompression = <Out, In, R>(
  serializer: Serializer<Out, In, R>,
  compression: Compression
): Serializer<Out, In, R> => {
  const name = `${serializer.name}+${compression.name}`
  const maxMessageBytes = limitOr(compression.maxMessageBytes, serializer.maxMessageBytes)
  const tooLarge = `uncompressed, it is over the limit of ${maxMessageBytes} bytes (maxMessageBytes of ${name})`
  const utf8 = new TextEncoder()
  return {
    name,
    maxMessageBytes,
    encode: (message) =>
      andThen(serializer.encode(message), (payload) =>
        guarded(
          () => {
            if (payload.length > maxMessageBytes) throw new Problem(tooLarge)
            const bytes = typeof payload === "string" ? utf8.encode(payload) : payload
            if (bytes.length > maxMessageBytes) throw new Problem(tooLarge)
            return compression.compress(bytes)
          },
          (thrown) => serializeError(name, thrown)
        )
      ),
    decode: (payload) => {
      const toError = (thrown: unknown) => deserializeError(name, payload.length, thrown)
      const decompressed = guarded(() => compression.decompress(payload, maxMessageBytes), toError)
      return andThen(decompressed, (bytes) =>
        bytes.length > maxMessageBytes ? Exit.fail(toError(new Problem(tooLarge))) : serializer.decode(bytes)
      )
    }
  }
}

const guarded = <E>(
  run: () => Uint8Array | Effect.Effect<Uint8Array, unknown>,
  toError: (thrown: unknown) => E
): Effect.Effect<Uint8Array, E> => {
  try {
    const result = run()
    return Effect.isEffect(result) ? failWith(result, toError) : Exit.succeed(result)
  } catch (thrown) {
    return Exit.fail(toError(thrown))
  }
}

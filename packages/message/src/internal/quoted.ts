import * as Exit from "effect/Exit"
import type { Effect } from "effect/Effect"
import type { SerializeError } from "../MessageError.js"
import { holds, isPlain, isPlainAtFirst, leastPlain } from "./plainText.js"

/**
 * A large text whose JSON may be the text itself between quotes. Whether it is, is seen in the bytes, once it was written
 * to where it leaves from.
 */
export class Quoted {
  /** Bytes of its JSON, at least. */
  readonly length: number

  constructor(
    readonly text: string,
    /** Its JSON in any case. */
    readonly escaped: () => Exit.Exit<Uint8Array | string, SerializeError>
  ) {
    this.length = text.length + 2
  }

  /** Whether the bytes, the text in UTF-8, stand between the quotes as they are. A lone surrogate became U+FFFD in them. */
  isWhole(bytes: Uint8Array): boolean {
    return isPlain(bytes) && (!holds(bytes, firstOfReplacement) || this.text.isWellFormed())
  }
}

/** Of the UTF-8 of U+FFFD; few other characters begin so. */
const firstOfReplacement = 0xef

/** What a message is encoded to: bytes, text, or text that may need no encoding but UTF-8. */
export type Payload = Uint8Array | string | Quoted

export const quotedOr = (
  message: unknown,
  encode: (message: unknown) => Exit.Exit<Uint8Array | string, SerializeError>
): Exit.Exit<Payload, SerializeError> =>
  typeof message === "string" && message.length >= leastPlain && isPlainAtFirst(message)
    ? Exit.succeed(new Quoted(message, () => encode(message)))
    : encode(message)

type Encode<Out, R> = (message: Out) => Effect<Uint8Array | string, SerializeError, R>

/** As the `encode` at which it stands, for a duct. */
type EncodeQuoting<Out, R> = (message: Out) => Effect<Payload, SerializeError, R>

const key: unique symbol = Symbol("ductworks/encodeQuoting")

interface Quoting<Out, R> extends Encode<Out, R> {
  readonly [key]: EncodeQuoting<Out, R>
}

const quotes = <Out, R>(encode: Encode<Out, R>): encode is Quoting<Out, R> => key in encode

/** The function stands at `encode` and not at its serializer: one that is copied with another `encode` has that alone. */
export const withQuoting = <Out, R>(encode: Encode<Out, R>, encodeQuoting: EncodeQuoting<Out, R>): Encode<Out, R> =>
  Object.assign(encode, { [key]: encodeQuoting })

export const quotingEncoder = <Out, R>(encode: Encode<Out, R>): EncodeQuoting<Out, R> | undefined =>
  quotes(encode) ? encode[key] : undefined

/** JSON between text and values, for peers that are not trusted. */
import { textCodec } from "./encodings.js"
import { Problem } from "./faults.js"
import { betweenQuotes } from "./plainText.js"
import { containsItself } from "./walk.js"

/** Has no lone surrogate unless {@link isRawPossible}: `JSON.stringify` escapes them (ECMAScript 2019). */
export const stringifyJson = (value: unknown): string => {
  const text = stringify(value)
  if (typeof text !== "string") throw new Problem(`JSON has no form for ${value === undefined ? value : typeof value}`)
  return text
}

/** Whether a message may hold text of its own choice that `JSON.stringify` takes over as it is (Node 22). */
export const isRawPossible = "rawJSON" in JSON

const stringify = (value: unknown): unknown => {
  try {
    return JSON.stringify(value)
  } catch (thrown) {
    // V8 says it in five lines, with the names of the message's keys.
    throw thrown instanceof TypeError && containsItself(value) ? new Problem("the message contains itself") : thrown
  }
}

const utf8 = textCodec("utf-8", "strict")

/** The value of a payload. */
export const decodeJson = (payload: Uint8Array): unknown => {
  const text = betweenQuotes(payload)
  return text === undefined ? parseJson(utf8.decode(payload)) : utf8.decode(text)
}

/**
 * An own property `__proto__` is harmless where it stands, and changes a prototype when the object is merged into another
 * with a plain assignment. Only a text that may hold such a key is parsed the slow way: with a reviver, which sees every
 * key after its escapes were undone.
 *
 * The text of a `SyntaxError` quotes the payload, so it is not passed on.
 */
const parseJson = (text: string): unknown => {
  try {
    return mayHoldProto(text) ? JSON.parse(text, rejectProto) : JSON.parse(text)
  } catch (thrown) {
    throw thrown instanceof SyntaxError ? new Problem("the payload is not valid JSON") : thrown
  }
}

/** Whether some key of the text may be `__proto__`. */
export const mayHoldProto = (text: string): boolean =>
  text.includes("__proto__") || (text.includes("\\u") && escapedLetter.test(text))

/** An escape of one of the letters of `__proto__`: without one, no escaped form of it can be there. */
const escapedLetter = /\\u00(?:5f|6f|7[024])/i

const rejectProto = (key: string, value: unknown): unknown => {
  if (key === "__proto__") throw new Problem('an object has the key "__proto__"')
  return value
}

import * as Exit from "effect/Exit"
import { mayHoldProto } from "./json.js"
import type { Run } from "./run.js"

/**
 * The values of a run of JSON texts, parsed as one array, which takes half of what it takes to parse each: what stands
 * between the payloads is written over with `,"<DEL>",`.
 *
 * Alone that would take `[1` and `2]` for one good text. But no payload has the character DEL, escaped or not. So where
 * the array has a separator at every second place, those are the ones that were written here, each stands in the array
 * itself, and what is between two of them is one JSON text. In any other case nobody knows without a look at each.
 */
export const parseRun = (run: Run): ReadonlyArray<Exit.Exit<unknown>> | undefined => {
  if (run.headerBytes < 1 || run.trailerBytes + run.headerBytes < separatorBytes) return undefined
  try {
    const withSpaces = asArray(run, SPACE)
    if (withSpaces.includes(separator) || mayHold(withSpaces)) return undefined
    const values: unknown = JSON.parse(asArray(run, DELETE))
    return Array.isArray(values) && values.length === 2 * run.sizes.length - 1 ? between(values) : undefined
  } catch {
    return undefined
  }
}

const separator = "\u007f"

const separatorBytes = 5

const QUOTE = 0x22
const COMMA = 0x2c
const SPACE = 0x20
const DELETE = 0x7f
const OPEN = 0x5b
const CLOSE = 0x5d

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true })

/** Such a text is for a closer look. */
const mayHold = (text: string): boolean => mayHoldProto(text) || (text.includes("\\u") && /\\u007f/i.test(text))

/** The payloads as the text of an array, a string of that character after each but the last. */
const asArray = ({ headerBytes, memory, sizes, trailerBytes }: Run, character: number): string => {
  let start = headerBytes
  let end = start
  for (const size of sizes) {
    end = start + size
    start = end + trailerBytes + headerBytes
    memory[end] = COMMA
    memory[end + 1] = QUOTE
    memory[end + 2] = character
    memory[end + 3] = QUOTE
    for (let i = end + 4; i < start - 1; i++) memory[i] = SPACE
    memory[start - 1] = COMMA
  }
  memory[headerBytes - 1] = OPEN
  memory[end] = CLOSE
  return utf8.decode(memory.subarray(headerBytes - 1, end + 1))
}

const between = (values: ReadonlyArray<unknown>): ReadonlyArray<Exit.Exit<unknown>> | undefined => {
  const messages = [Exit.succeed(values[0])]
  for (let i = 1; i < values.length; i += 2) {
    if (values[i] !== separator) return undefined
    messages.push(Exit.succeed(values[i + 1]))
  }
  return messages
}

import type { Effect } from "effect/Effect"
import type { DeserializeError } from "../MessageError.js"

/**
 * Whole frames as they came, side by side from the start of `memory`, which all ducts of the thread share and which is
 * rewritten: what reads a run is done with it when it returns, and may write between the payloads and after the last.
 */
export interface Run {
  readonly memory: Uint8Array
  /** Of the payloads. */
  readonly sizes: ReadonlyArray<number>
  /** Of each frame. */
  readonly headerBytes: number
  readonly trailerBytes: number
}

/** Of each run: a few hundred small messages, over which what is paid once a run is next to nothing. */
const runBytes = 64 * 1024

const memory = new Uint8Array(runBytes + 16)

/** Where the next run is to be copied to. In `memory` there is room for a few bytes more. */
export const target = memory.subarray(0, runBytes)

export const runOf = (sizes: ReadonlyArray<number>, headerBytes: number, trailerBytes: number): Run => ({
  memory,
  sizes,
  headerBytes,
  trailerBytes
})

/** The payloads of a run, as copies: to decode one may run code of the program, which may receive from another duct. */
export const payloadsOf = ({ headerBytes, memory, sizes, trailerBytes }: Run): ReadonlyArray<Uint8Array> => {
  let end = -trailerBytes
  return sizes.map((size) => {
    const start = end + trailerBytes + headerBytes
    end = start + size
    return memory.slice(start, end)
  })
}

const key: unique symbol = Symbol("ductworks/decodeRun")

type Decode<In, R> = (payload: Uint8Array) => Effect<In, DeserializeError, R>

/**
 * All messages of a run at once, each the same as `decode` gives of its payload; `undefined` where that cannot be told,
 * and each is to be decoded by itself.
 */
export type DecodeRun<In, R> = (run: Run) => ReadonlyArray<Effect<In, DeserializeError, R>> | undefined

interface DecodesRuns<In, R> extends Decode<In, R> {
  readonly [key]: DecodeRun<In, R>
}

const decodesRuns = <In, R>(decode: Decode<In, R>): decode is DecodesRuns<In, R> => key in decode

/** The function stands at `decode` and not at its serializer: one that is copied with another `decode` has that alone. */
export const withRuns = <In, R>(decode: Decode<In, R>, decodeRun: DecodeRun<In, R>): Decode<In, R> =>
  Object.assign(decode, { [key]: decodeRun })

export const runDecoder = <In, R>(decode: Decode<In, R>): DecodeRun<In, R> | undefined =>
  decodesRuns(decode) ? decode[key] : undefined

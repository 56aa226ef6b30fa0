import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { type ArgumentError, EndOfFile } from "../../SocketError.js"
import { badDescriptor } from "../errno.js"
import { checkCount, mostBytes } from "./arguments.js"
import { Reason, tellOf } from "./reason.js"
import type { SockState } from "./state.js"
import { receive, receiveNew } from "./step.js"

/** Exactly so many bytes. */
export const recvExact = (state: SockState, count: number): Effect.Effect<Uint8Array, ArgumentError | EndOfFile> => {
  const step = () => {
    const isComplete = gather(state, count)
    if (isComplete === false) return state.reading.refuse(Reason.endOfStream)
    return isComplete ? state.handOver(count) : undefined
  }
  const tell = (operation: string, reason: number) =>
    reason === Reason.endOfStream
      ? new EndOfFile({ operation, expected: count, partial: state.carry.take(count) })
      : state.error(operation, reason)
  return checkCount("recvExact", count) ?? state.reading.run("recvExact", step, tell)
}

/** So many bytes, or fewer at the end of the stream, as what is given of them in the step that hands them over. */
export const recvAll = <A>(
  state: SockState,
  operation: string,
  count: number,
  give: (bytes: Uint8Array) => A
): Effect.Effect<A, ArgumentError> =>
  state.reading.run(
    operation,
    () => (gather(state, count) === undefined ? undefined : state.handOverAs(count, give)),
    state.error
  )

/** Buffers of these sizes; at the end of the stream the complete ones and the last partial one. */
export const readv = (
  state: SockState,
  sizes: ReadonlyArray<number>
): Effect.Effect<Array<Uint8Array>, ArgumentError> => {
  for (const size of sizes) {
    const problem = checkCount("readv", size)
    if (problem !== undefined) return problem
  }
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total > mostBytes) {
    return new InvalidArgument({ operation: "readv", problem: `the sizes sum up to ${total}, more than ${mostBytes}` })
  }
  return recvAll(state, "readv", total, (bytes) => cut(bytes, sizes))
}

const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>): Array<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  let start = 0
  for (const size of sizes) {
    if (start === bytes.length && size > 0) break
    pieces.push(bytes.subarray(start, (start += Math.min(size, bytes.length - start))))
  }
  return pieces
}

/** Fills the buffer, where the system puts the bytes at once. */
export const recvExactInto = (
  state: SockState,
  buffer: Uint8Array
): Effect.Effect<number, ArgumentError | EndOfFile> => {
  const { length } = buffer
  const step = () => {
    const isFull = fill(state, buffer, length)
    if (isFull === false) return state.reading.refuse(Reason.endOfStream)
    return isFull ? state.returned : undefined
  }
  const tell = (operation: string, reason: number) =>
    reason === Reason.endOfStream
      ? new EndOfFile({ operation, expected: length, partial: state.takeBack(buffer) })
      : tellUnfilled(state)(operation, reason)
  return state.reading.run("recvExactInto", step, tell)
}

/** As {@link recvAll}, into the buffer. */
export const recvAllInto = <A>(
  state: SockState,
  operation: string,
  buffer: Uint8Array,
  give: (filled: number) => A
): Effect.Effect<A, ArgumentError> => {
  const { length } = buffer
  const end = state.returnAs(give)
  const step = () => (fill(state, buffer, length) === undefined ? undefined : end)
  return state.reading.run(operation, step, tellUnfilled(state))
}

const tellUnfilled = (state: SockState) => (operation: string, reason: number) => {
  state.keepLent()
  return tellOf(state.error)(operation, reason)
}

/** Whether the buffer, of this length, is full (false at the end of the stream); as {@link gather}. */
const fill = (state: SockState, buffer: Uint8Array, length: number): boolean | undefined => {
  const { reading } = state
  if (buffer.length !== length) return reading.refuse(Reason.resized)
  if (state.isClosed) return reading.refuse(badDescriptor)
  let filled = state.filledOf(buffer)
  while (filled < length) {
    const count = receive(state, buffer, filled, length - filled)
    if (count === undefined) return undefined
    state.lend(buffer, (filled += count))
    if (count === 0) return false
    if (filled < length && state.pace.isSpent()) return reading.refuse(Reason.breathe)
  }
  if (length === 0) state.lend(buffer, 0)
  return true
}

/**
 * Gathers bytes in the socket itself: an interruption leaves them there for the next receive. Whether they are all here
 * (false at the end of the stream); `undefined` where they are to be waited for.
 */
const gather = (state: SockState, count: number): boolean | undefined => {
  if (state.isClosed) return state.reading.refuse(badDescriptor)
  while (state.carried < count) {
    const received = state.carry.fill(count, (into, offset, length) => receiveNew(state, into, offset, length))
    if (received === undefined) return undefined
    if (received === 0) return false
    if (state.carried < count && state.pace.isSpent()) return state.reading.refuse(Reason.breathe)
  }
  return true
}

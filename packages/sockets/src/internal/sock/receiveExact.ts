import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { type ArgumentError, EndOfFile } from "../../SocketError.js"
import { badDescriptor } from "../errno.js"
import { checkCount, mostBytes, resized } from "./arguments.js"
import { Reason } from "./reason.js"
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

/** So many bytes, or fewer at the end of the stream. */
export const recvAll = (state: SockState, operation: string, count: number): Effect.Effect<Uint8Array, ArgumentError> =>
  state.reading.run(
    operation,
    () => (gather(state, count) === undefined ? undefined : state.handOver(count)),
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
  const cutOut = Effect.sync(() => {
    state.reading.release()
    return cut(state.carry.take(total), sizes)
  })
  return state.reading.run("readv", () => (gather(state, total) === undefined ? undefined : cutOut), state.error)
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
export const recvExactInto = (state: SockState, buffer: Uint8Array): Effect.Effect<number, ArgumentError | EndOfFile> =>
  fillAll(state, "recvExactInto", buffer)

/** As {@link recvExactInto}, or with fewer at the end of the stream. */
export const recvAllInto = (
  state: SockState,
  operation: string,
  buffer: Uint8Array
): Effect.Effect<number, ArgumentError> =>
  Effect.catchTag(fillAll(state, operation, buffer), "EndOfFile", ({ partial }) => Effect.succeed(partial.length))

const fillAll = (
  state: SockState,
  operation: string,
  buffer: Uint8Array
): Effect.Effect<number, ArgumentError | EndOfFile> => {
  const { length } = buffer
  const tell = (operation: string, reason: number) => {
    if (reason === Reason.endOfStream) {
      return new EndOfFile({ operation, expected: length, partial: state.takeBack(buffer) })
    }
    state.keepLent()
    return reason === Reason.resized ? resized(operation) : state.error(operation, reason)
  }
  return state.reading.run(operation, () => fill(state, buffer, length), tell)
}

const fill = (state: SockState, buffer: Uint8Array, length: number): Effect.Effect<number> | undefined => {
  const { reading } = state
  if (buffer.length !== length) return reading.refuse(Reason.resized)
  if (state.isClosed) return reading.refuse(badDescriptor)
  let filled = state.filledOf(buffer)
  while (filled < length) {
    const count = receive(state, buffer, filled, length - filled)
    if (count === undefined) return undefined
    if (count === 0) return reading.refuse(Reason.endOfStream)
    state.lend(buffer, (filled += count))
    if (filled < length && state.pace.isSpent()) return reading.refuse(Reason.breathe)
  }
  if (length === 0) state.lend(buffer, 0)
  return state.returned
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

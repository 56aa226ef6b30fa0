import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { type ArgumentError, EndOfFile } from "../../SocketError.js"
import { wouldBlock } from "../errno.js"
import { checkCount, mostBytes } from "./arguments.js"
import { Reason, type Step } from "./half.js"
import type { SockState } from "./state.js"

/** Exactly so many bytes. */
export const recvExact = (state: SockState, count: number): Effect.Effect<Uint8Array, ArgumentError | EndOfFile> => {
  const step = () => (gather(state, count) === true ? state.carry.take(count) : undefined)
  return checkCount("recvExact", count) ?? exactly(state, "recvExact", count, step, () => state.carry.take(count))
}

/** So many bytes, or fewer at the end of the stream. */
export const recvAll = (state: SockState, count: number): Effect.Effect<Uint8Array, ArgumentError> =>
  state.reading.run("recv", () => (gather(state, count) === undefined ? undefined : state.carry.take(count)))

/** Buffers of these sizes; at the end of the stream the complete ones and the last partial one. */
export const readv = (
  state: SockState,
  sizes: ReadonlyArray<number>
): Effect.Effect<Array<Uint8Array>, ArgumentError> => {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  for (const size of sizes) {
    const problem = checkCount("readv", size)
    if (problem !== undefined) return problem
  }
  if (total > mostBytes) {
    return new InvalidArgument({ operation: "readv", problem: `the sizes sum up to ${total}, more than ${mostBytes}` })
  }
  return state.reading.run("readv", () =>
    gather(state, total) === undefined ? undefined : cut(state.carry.take(total), sizes)
  )
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
  Effect.suspend(() => {
    const { length } = buffer
    let filled = 0
    const step = (): number | undefined => {
      if (buffer.length !== length) return state.reading.refuse(Reason.resized)
      filled += state.takeBack(buffer, filled)
      while (filled < length) {
        const count = receive(state, buffer, filled, length - filled)
        if (count === undefined) {
          state.lend(buffer, filled)
          return undefined
        }
        if (count === 0) return state.reading.refuse(Reason.endOfStream)
        filled += count
      }
      return filled
    }
    return exactly(state, "recvExactInto", length, step, () => buffer.slice(0, filled))
  })

const exactly = <A>(
  state: SockState,
  operation: string,
  expected: number,
  step: Step<A>,
  partial: () => Uint8Array
): Effect.Effect<A, ArgumentError | EndOfFile> =>
  state.reading.runTelling(operation, step, step, (_, reason) =>
    reason === Reason.endOfStream
      ? new EndOfFile({ operation, expected, partial: partial() })
      : reason === Reason.resized
        ? new InvalidArgument({ operation, problem: "the buffer's memory was transferred or resized meanwhile" })
        : state.error(operation, reason)
  )

/**
 * Gathers bytes in the socket itself: an interruption leaves them there for the next receive. Whether they are all here
 * (false at the end of the stream); `undefined` where they are to be waited for.
 */
const gather = (state: SockState, count: number): boolean | undefined => {
  while (state.carried < count) {
    const received = state.carry.fill(count, (into, offset, length) => receive(state, into, offset, length))
    if (received === undefined) return undefined
    if (received === 0) {
      state.reading.refuse(Reason.endOfStream)
      return false
    }
    if (state.carried < count && state.pace.isSpent()) return state.reading.refuse(Reason.breathe)
  }
  return true
}

/** One receive of a stream; `undefined` where it was refused. */
export const receive = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined => {
  const { port, reading } = state
  if (reading.isDrained) return reading.refuse(wouldBlock)
  const count = port.recv(into, offset, length, 0)
  if (count < 0) return reading.refuse(count)
  // A stream that gave less than it could have is empty (epoll(7)); what came since, or will, wakes who waits.
  reading.isDrained = count > 0 && count < length && state.isStream && !state.system.isEager
  return count
}

import * as Effect from "effect/Effect"
import type { SocketError } from "../../SocketError.js"
import { invalid, wouldBlock } from "../errno.js"
import type { SockState } from "./state.js"

/** Waits until a receive would not, and says how many bytes it finds. */
export const waitForRead = (state: SockState): Effect.Effect<number, SocketError> => {
  // Nothing there may also be the end; the poll tells the two apart.
  const first = () => {
    const count = readable(state)
    if (count > 0 || state.hasBacklog) return Math.max(0, count)
    return state.reading.refuse(count === 0 || count === invalid ? wouldBlock : count)
  }
  const woken = () => {
    const count = readable(state)
    // A listener has no bytes, and its system no number for its connections.
    if (count === invalid) return 0
    return count < 0 ? state.reading.refuse(count) : count
  }
  return state.reading.runTelling("waitForRead", first, woken, state.error)
}

const readable = (state: SockState): number => {
  const count = state.port.readable()
  return count < 0 && state.carried > 0 ? state.carried : count < 0 ? count : count + state.carried
}

/** Waits until a send would not, and says how many bytes fit the system's buffer. */
export const waitForWrite = (state: SockState): Effect.Effect<number, SocketError> =>
  state.writing.runTelling(
    "waitForWrite",
    () => state.writing.refuse(wouldBlock),
    () => {
      const count = state.port.writable()
      return count < 0 ? state.writing.refuse(count) : count
    },
    state.error
  )

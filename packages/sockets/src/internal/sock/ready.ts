import * as Effect from "effect/Effect"
import type { SocketError } from "../../SocketError.js"
import { badDescriptor, invalid, wouldBlock } from "../errno.js"
import type { Half } from "./half.js"
import type { SockState } from "./state.js"

/** Waits until a receive would not, and says how many bytes it finds. */
export const waitForRead = (state: SockState, operation = "waitForRead"): Effect.Effect<number, SocketError> =>
  // Nothing there may also be the end; the poll tells the two apart.
  waiting(
    state,
    state.reading,
    operation,
    () => readable(state),
    (count) => count > 0 || state.hasBacklog
  )

// A listener has no bytes, and its system no number for its connections.
const readable = (state: SockState): number => {
  const count = state.port.readable()
  if (count === invalid) return 0
  return count < 0 && state.carried === 0 ? count : Math.max(0, count) + state.carried
}

/** Waits until a send would not, and says how many bytes fit the system's buffer. */
export const waitForWrite = (state: SockState): Effect.Effect<number, SocketError> =>
  waiting(
    state,
    state.writing,
    "waitForWrite",
    () => state.port.writable(),
    () => false
  )

const waiting = (
  state: SockState,
  half: Half,
  operation: string,
  amount: () => number,
  isReady: (count: number) => boolean
): Effect.Effect<number, SocketError> =>
  Effect.suspend(() => {
    let hasWaited = false
    const step = () => {
      const count = state.isClosed ? badDescriptor : amount()
      if (count < 0) return half.refuse(count)
      if (!hasWaited && !isReady(count)) {
        hasWaited = true
        return half.refuse(wouldBlock)
      }
      half.release()
      return Effect.succeed(count)
    }
    return half.run(operation, step, state.error)
  })

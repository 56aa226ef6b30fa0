import { furtherOperations } from "../binding.js"
import { isBlocked, wouldBlock } from "../errno.js"
import type { SockState } from "./state.js"

/** One receive, of what was carried or of the system; `undefined` where it was refused. */
export const receive = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined =>
  state.carried > 0 ? state.carry.moveTo(into, offset, length) : receiveNew(state, into, offset, length)

/** One receive of the system; `undefined` where it was refused. */
export const receiveNew = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined => {
  const { emptiness, pace, port, reading } = state
  if (emptiness.isLikely) return reading.refuse(wouldBlock)
  const count = port.recv(into, offset, length, 0, emptiness.hope)
  if (count > 0 && state.guesses) emptiness.took(count, length)
  if (count > 0) pace.count(furtherOperations(count))
  if (count >= 0) return count
  if (isBlocked(count)) emptiness.foundNothing()
  return reading.refuse(count)
}

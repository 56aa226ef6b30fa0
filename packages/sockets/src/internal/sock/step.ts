import { wouldBlock } from "../errno.js"
import type { SockState } from "./state.js"

/** One receive, of what was carried or of the system; `undefined` where it was refused. */
export const receive = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined =>
  state.carried > 0 ? state.carry.moveTo(into, offset, length) : receiveNew(state, into, offset, length)

/** One receive of the system; `undefined` where it was refused. */
export const receiveNew = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined => {
  const { port, reading } = state
  if (reading.isDrained) return reading.refuse(wouldBlock)
  const count = port.recv(into, offset, length, 0)
  if (count < 0) return reading.refuse(count)
  // A stream that gave less than it could have is empty (epoll(7)); what came since, or will, wakes who waits.
  reading.isDrained = count > 0 && count < length && state.isStream && !state.system.isEager
  return count
}

import { isBlocked, wouldBlock } from "../errno.js"
import type { SockState } from "./state.js"

/** One receive, of what was carried or of the system; `undefined` where it was refused. */
export const receive = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined =>
  state.carried > 0 ? state.carry.moveTo(into, offset, length) : receiveNew(state, into, offset, length)

/** One receive of the system; `undefined` where it was refused. */
export const receiveNew = (state: SockState, into: Uint8Array, offset: number, length: number): number | undefined => {
  const { emptiness, guesses, port, reading } = state
  if (guesses && emptiness.isLikely) return reading.refuse(wouldBlock)
  for (let hasGivenWay = false; ; hasGivenWay = true) {
    const count = port.recv(into, offset, length, 0)
    if (count > 0) emptiness.took(count, length)
    if (count >= 0) return count
    if (!isBlocked(count)) return reading.refuse(count)
    if (hasGivenWay || !emptiness.isFlowing || !state.giveWay()) {
      emptiness.foundNothing()
      return reading.refuse(count)
    }
  }
}

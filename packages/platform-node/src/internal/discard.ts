// With nothing in four of these in a row, the other end is taken to have stopped sending. They are turns of this loop: a
// process that was held up does not take that for the other end's silence.
const tickMillis = 25
const quietTicks = 4

const discardLimit = 64 * 1024 * 1024

/**
 * Calls `then` when nothing was discarded for 100 ms, and what was sent `hasArrived`; or when more than 64 MiB was
 * discarded. Stopped by what it gives.
 */
export const whenQuiet = (
  discarded: () => number,
  then: () => void,
  hasArrived: () => boolean = () => true
): (() => void) => {
  let seen = discarded()
  let quiet = 0
  const timer = setInterval(() => {
    const now = discarded()
    quiet = now === seen ? quiet + 1 : 0
    seen = now
    if (now > discardLimit || (quiet >= quietTicks && hasArrived())) then()
  }, tickMillis)
  return () => clearInterval(timer)
}

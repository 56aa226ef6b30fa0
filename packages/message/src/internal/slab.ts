// One slab a thread, shared by all ducts, so that an idle duct owns none: frames are written behind one another, and
// nothing is written twice in one slab, because what was lent to a connection may not have left yet. When a slab is
// full the next one takes its place, and the old one goes with its last frame.
const slabBytes = 64 * 1024

// What is larger gets memory of its own: a frame that waits to leave keeps its whole slab alive.
const largest = 16 * 1024

let slab = new Uint8Array(slabBytes)
let used = 0

export interface Room {
  readonly bytes: Uint8Array
  readonly offset: number
}

/** Room for a frame of at most `size` bytes, taken with {@link settle}; `undefined` if there is no such memory. */
export const room = (size: number): Room | undefined => {
  if (size > largest) return own(size)
  if (used + size > slabBytes) {
    slab = new Uint8Array(slabBytes)
    used = 0
  }
  return { bytes: slab, offset: used }
}

const own = (size: number): Room | undefined => {
  try {
    return { bytes: new Uint8Array(size), offset: 0 }
  } catch {
    // A RangeError: larger than an ArrayBuffer can be, or than what the system gives.
    return undefined
  }
}

/** The frame ends at `end`: what comes after it is free again. */
export const settle = (bytes: Uint8Array, end: number): void => {
  if (bytes === slab) used = end
}

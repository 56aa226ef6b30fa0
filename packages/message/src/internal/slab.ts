// One slab a thread, shared by all ducts, so that an idle duct owns none: frames are written behind one another, and
// nothing is written twice in one slab, because what was lent to a connection may not have left yet. When a slab is
// full the next one takes its place, and the old one goes with its last frame.
const slabBytes = 64 * 1024

/** The largest frame: one that waits to leave keeps its whole slab alive. */
export const largest = 16 * 1024

let slab = new Uint8Array(slabBytes)
let used = 0

/** Memory with room for a frame of at most `size` bytes from {@link startOf} on, taken with {@link settle}. */
export const room = (size: number): Uint8Array => {
  if (used + size > slabBytes) {
    slab = new Uint8Array(slabBytes)
    used = 0
  }
  return slab
}

/** Where the room in the memory begins. */
export const startOf = (memory: Uint8Array): number => (memory === slab ? used : 0)

/** The frame ends at `end`: what comes after it is free again. */
export const settle = (memory: Uint8Array, end: number): void => {
  if (memory === slab) used = end
}

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

/** Room for a frame of at most `size` bytes. Must be settled with {@link settle} before the next room is asked for. */
export const room = (size: number): Room => {
  if (size > largest) return { bytes: new Uint8Array(size), offset: 0 }
  if (used + size > slabBytes) {
    slab = new Uint8Array(slabBytes)
    used = 0
  }
  return { bytes: slab, offset: used }
}

/** The frame: the first `size` bytes of the room. The rest is free again. */
export const settle = (room: Room, size: number): Uint8Array => {
  if (room.bytes === slab) used = room.offset + size
  return new Uint8Array(room.bytes.buffer, room.offset, size)
}

import type { Line } from "@ductworks/core/Connection"

const encoder = new TextEncoder()

const nothing = new Uint8Array(0)

// Large frames, and batches of small ones, are written into memory that is used again: fresh memory for each would cost more
// than all else, since V8 collects the whole heap for every 32 to 64 MiB of it. A frame seldom has left when the next one is
// written, and two or three batches may wait (`Connection.defaultHighWaterMark`). What is larger than this is not kept.
const keptBytes = 2 * 1024 * 1024
const kept: Array<Scratch> = []
const most = 4

/** Memory for one frame or batch at a time: it belongs to that until it has left. */
export class Scratch {
  /** Whether the frame may not have left; for good, if it was never taken: then another takes this one's place. */
  private isOut = true
  private line: Line | undefined
  private goal = 0

  private constructor(public memory: Uint8Array) {}

  /** At least so many bytes, with anything in them; `undefined` if there is no such memory. */
  static borrow(size: number): Scratch | undefined {
    const free = kept.find((scratch) => scratch.isFree())
    if (free !== undefined && free.memory.length >= size) return free.out()
    const memory = own(size)
    if (memory === undefined) return undefined
    if (size > keptBytes) return new Scratch(memory)
    if (free !== undefined) {
      free.memory = memory
      return free.out()
    }
    const scratch = new Scratch(memory)
    kept.push(scratch)
    // A frame that was never taken, or stays for long: the memory goes with it.
    if (kept.length > most) kept.shift()
    return scratch
  }

  /**
   * Writes the payload from `start` on, with room for `after` bytes behind it; how long it is. `undefined` if there is no
   * such memory. Text is taken to be ASCII until it is not.
   */
  write(payload: Uint8Array | string, start: number, after: number): number | undefined {
    if (typeof payload !== "string") {
      this.memory.set(payload, start)
      return payload.length
    }
    const { read, written } = encoder.encodeInto(payload, this.memory.subarray(start, this.memory.length - after))
    if (read === payload.length) return written
    const rest = payload.slice(read)
    if (!this.grow(start + written, 3 * rest.length + after)) return undefined
    return written + encoder.encodeInto(rest, this.memory.subarray(start + written)).written
  }

  /** The line has just taken the frame. */
  lend(line: Line): void {
    const pending = line.pending()
    this.isOut = pending > 0 && this.memory.length <= keptBytes
    if (this.memory.length > keptBytes) this.memory = nothing
    if (!this.isOut) return
    this.line = line
    this.goal = line.left() + pending
  }

  /** There is no frame after all. */
  giveBack(): void {
    this.isOut = false
    if (this.memory.length > keptBytes) this.memory = nothing
  }

  private grow(used: number, room: number): boolean {
    const memory = own(used + room)
    if (memory === undefined) return false
    memory.set(this.memory.subarray(0, used))
    this.memory = memory
    return true
  }

  private out(): Scratch {
    this.isOut = true
    return this
  }

  private isFree(): boolean {
    if (this.line !== undefined && this.line.left() >= this.goal) {
      this.line = undefined
      this.isOut = false
    }
    return !this.isOut
  }
}

const own = (size: number): Uint8Array | undefined => {
  try {
    return new Uint8Array(size)
  } catch {
    // A RangeError: larger than an ArrayBuffer can be, or than what the system gives.
    return undefined
  }
}

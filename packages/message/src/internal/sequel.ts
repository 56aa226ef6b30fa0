import { unfilled } from "@ductworks/core/Buffers"
import { keep, LAND_FROM, takeSpare } from "./framing/landing.js"

/** The largest payload that is foreseen: about as much as a system gives with one read. */
const FORESEEN_UP_TO = 256 * 1024

/** Room for the beginning of another frame, so that a read which leaves it empty tells that there is no more. */
const BEHIND = 16

/**
 * What comes after a large frame when that was taken: in a dialogue often one as large. It is read with one call of the
 * system, to where it stays. Nothing is reserved for it while it is waited for.
 */
export class Sequel {
  /** Bytes of the payload that is foreseen; 0 if none is. */
  private size = 0
  /** What is being read into. */
  private memory: Uint8Array | undefined
  /** What the last read filled a part of. */
  private taken: ArrayBufferLike | undefined

  /** @param overhead bytes of a frame besides its payload */
  constructor(private readonly overhead: number) {}

  /** A frame was taken, with a payload of so many bytes. */
  follow(size: number): void {
    this.size = size >= LAND_FROM && size <= FORESEEN_UP_TO ? size : 0
  }

  /** Where the next bytes go, if a large frame is foreseen. */
  room(): Uint8Array | undefined {
    if (this.size === 0) return undefined
    const length = this.overhead + this.size + BEHIND
    return (this.memory = takeSpare(length) ?? unfilled(length))
  }

  /** So many bytes came into the room: those. None, and it is somebody else's. */
  take(count: number): Uint8Array | undefined {
    const { memory } = this
    this.memory = undefined
    if (memory === undefined) return undefined
    if (count > 0) {
      this.taken = memory.buffer
      return memory.subarray(0, count)
    }
    keep(memory.buffer)
    return undefined
  }

  /** Nobody needs this payload, which came alone. */
  reuse(payload: Uint8Array): void {
    if (payload.buffer === this.taken) keep(payload.buffer)
  }

  /** What came is somebody else's now. */
  forget(): void {
    this.taken = undefined
  }
}

/** The smallest payload that is read into memory of its own: below, one read brings many, and a copy costs less. */
export const LAND_FROM = 16 * 1024

/** Reserved at most for a payload whose bytes are not here, and how many times what is here: a length costs its sender nothing. */
const LAND_FIRST = 1024 * 1024
const LAND_TIMES = 16

/**
 * The largest payload that is read with the header of the next one behind it. That spares the read that finds the header, and
 * with it a large piece of the next payload, which would have to be copied to where that belongs. Such a payload and the header
 * (of 16 bytes, at most) still fit what is reserved at first.
 */
const TAIL_UP_TO = LAND_FIRST - 16

/** The first bytes of a large payload, in memory that grows with them and ends up as the payload. */
export class Landing {
  held: number
  memory: Uint8Array
  private readonly whole: number
  /** Where it begins, if that is none of its own. */
  private borrowed: Uint8Array | undefined

  constructor(
    readonly size: number,
    headerBytes: number,
    received: Uint8Array,
    /** Bytes behind those that are here, which are the payload's, too, if it fits there. */
    free: number,
    private readonly fresh: (size: number) => Uint8Array
  ) {
    this.whole = size <= TAIL_UP_TO ? size + headerBytes : size
    this.held = received.length
    this.memory = received
    if (this.held + free < this.size) this.moveTo(this.larger())
    else this.memory = new Uint8Array(received.buffer, received.byteOffset, Math.min(this.whole, this.held + free))
  }

  /** Where the next bytes go; not empty before all are here. */
  room(): Uint8Array {
    if (this.held === this.memory.length) this.grow()
    return this.held === 0 ? this.memory : this.memory.subarray(this.held)
  }

  /** Takes as much of the chunk as belongs to the payload; how much. */
  push(chunk: Uint8Array): number {
    let taken = 0
    while (taken < chunk.length && this.held < this.size) {
      const room = this.room()
      const part = chunk.subarray(taken, taken + Math.min(room.length, this.size - this.held))
      room.set(part)
      this.held += part.length
      taken += part.length
    }
    return taken
  }

  private grow(): void {
    const { borrowed } = this
    this.borrowed = undefined
    this.moveTo(this.larger())
    beginning = borrowed ?? beginning
  }

  private moveTo(memory: Uint8Array): void {
    memory.set(this.memory)
    this.memory = memory
  }

  private larger(): Uint8Array {
    const { fresh, held, whole } = this
    const most = Math.max(LAND_FIRST, LAND_TIMES * held)
    if (whole <= most) return takeSpare(whole) ?? fresh(whole)
    const enough = Math.ceil(whole / LAND_TIMES)
    // What is here is copied to the next memory: that is to hold some times as much.
    if (held >= LAND_FIRST) return fresh(Math.min(most, Math.max(enough, 2 * held)))
    this.borrowed = beginning ?? new Uint8Array(LAND_FIRST)
    beginning = undefined
    return this.borrowed.subarray(0, Math.min(LAND_FIRST, enough))
  }
}

/** Where payloads begin that are larger than that. Not one of them keeps it, so that the next one has it: one a thread. */
let beginning: Uint8Array | undefined

/** The largest memory of a payload that is kept for a later one, and the last of them: one a thread. */
const SPARE_UP_TO = LAND_FIRST
let spare: ArrayBufferLike | undefined

/** A message may hold on to its payload, and must not hold on to much more with it. */
const MOST_TIMES = 4

/** Takes the memory that a payload had to itself, once nobody needs it. */
export const keep = (buffer: ArrayBufferLike): void => {
  if (buffer.byteLength <= SPARE_UP_TO) spare = buffer
}

/** So many bytes of it, if it has them, and not many more. */
export const takeSpare = (size: number): Uint8Array | undefined => {
  const buffer = spare
  if (buffer === undefined || buffer.byteLength < size || buffer.byteLength > MOST_TIMES * size) return undefined
  spare = undefined
  return new Uint8Array(buffer, 0, size)
}

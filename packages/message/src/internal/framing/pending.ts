const EMPTY = new Uint8Array(0)

/** Pieces from which on the queue joins small neighbours, and the size up to which it does. */
const JOIN_FROM = 16
const JOIN_UP_TO = 8192

/**
 * Bytes that were received and not consumed, in order. `first[from...]` is the first piece, `rest[head...]` are those
 * after it; what was consumed is not referenced any more.
 */
export class Pending {
  held = 0
  private first: Uint8Array = EMPTY
  /** `first.buffer` and `first.byteOffset`, because a view made from them costs a third of `subarray` (measured). */
  private buffer: ArrayBufferLike = EMPTY.buffer
  private base = 0
  private from = 0
  private rest: Array<Uint8Array> = []
  private head = 0
  /** Bytes behind the first piece that are nobody's. */
  private free = 0

  /** @param free bytes behind the chunk, in its memory, that are nobody's */
  push(chunk: Uint8Array, free = 0): void {
    if (chunk.length === 0) return
    if (this.held === 0) {
      this.setFirst(chunk, free)
    } else {
      this.rest.push(owned(chunk))
      if (this.rest.length - this.head > JOIN_FROM) this.join()
    }
    this.held += chunk.length
  }

  /** The byte at `index`, which is below `held`. */
  at(index: number): number {
    let position = this.from + index
    if (position < this.first.length) return this.first[position] ?? 0
    position -= this.first.length
    for (let i = this.head; i < this.rest.length; i++) {
      const piece = this.rest[i] ?? EMPTY
      if (position < piece.length) return piece[position] ?? 0
      position -= piece.length
    }
    return 0
  }

  uint32(index: number): number {
    return ((this.at(index) << 24) | (this.at(index + 1) << 16) | (this.at(index + 2) << 8) | this.at(index + 3)) >>> 0
  }

  get firstLength(): number {
    return this.first.length - this.from
  }

  /**
   * Bytes behind what is held that are nobody's, to the end of the memory, where in front of it only `offset` bytes were
   * that have been taken: nobody has any of that memory then.
   */
  freeBehind(offset: number): number {
    const { base, buffer, first, free, from, held } = this
    const isAlone = this.firstLength === held && base === 0 && from === offset
    return isAlone && first.length + free === buffer.byteLength ? free : 0
  }

  /** Where in the first piece the byte is, or -1. */
  indexInFirst(byte: number): number {
    const index = this.first.indexOf(byte, this.from)
    return index < 0 ? -1 : index - this.from
  }

  /** Removes bytes; at most `held`. */
  skip(count: number): void {
    this.held -= count
    this.from += count
    while (this.from >= this.first.length && this.first.length > 0) this.shift(this.from - this.first.length)
  }

  /** Removes bytes and returns them: a view where they are in one piece, else gathered, once. At most `held`. */
  take(count: number): Uint8Array {
    if (this.from + count <= this.first.length) {
      const view = new Uint8Array(this.buffer, this.base + this.from, count)
      this.skip(count)
      return view
    }
    const gathered = new Uint8Array(count)
    for (let filled = 0; filled < count;) {
      const length = Math.min(this.firstLength, count - filled)
      gathered.set(new Uint8Array(this.buffer, this.base + this.from, length), filled)
      filled += length
      this.skip(length)
    }
    return gathered
  }

  /** Removes bytes of the first piece and copies them; at most `firstLength`. */
  copy(target: Uint8Array, count: number): void {
    target.set(new Uint8Array(this.buffer, this.base + this.from, count))
    this.skip(count)
  }

  /** What is left stays for a while: does not let a few bytes keep a big chunk alive. */
  settle(): void {
    const length = this.firstLength
    if (length === 0 || length * 4 >= this.buffer.byteLength) return
    this.setFirst(new Uint8Array(this.first.subarray(this.from)))
  }

  clear(): void {
    this.held = 0
    this.rest = []
    this.head = 0
    this.setFirst(EMPTY)
  }

  private setFirst(chunk: Uint8Array, free = 0): void {
    this.free = free
    this.first = chunk
    this.buffer = chunk.buffer
    this.base = chunk.byteOffset
    this.from = 0
  }

  private shift(from: number): void {
    const { head, rest } = this
    this.setFirst(rest[head] ?? EMPTY)
    this.from = from
    if (head + 1 >= rest.length) {
      if (rest.length > 0) this.rest = []
      this.head = 0
      return
    }
    rest[head] = EMPTY
    this.head = head + 1
    if (this.head > 64 && this.head * 2 > rest.length) {
      this.rest = rest.slice(this.head)
      this.head = 0
    }
  }

  /**
   * A 16 MiB message in 1-byte chunks would be 16 million objects of some 200 bytes each. Joining the last piece to its
   * neighbour while that is less than twice as long keeps their number small; a byte is copied at most a dozen times.
   */
  private join(): void {
    const { head, rest } = this
    while (rest.length - head > 1) {
      const last = rest[rest.length - 1] ?? EMPTY
      const before = rest[rest.length - 2] ?? EMPTY
      if (before.length >= 2 * last.length || before.length + last.length > JOIN_UP_TO) return
      const joined = new Uint8Array(before.length + last.length)
      joined.set(before)
      joined.set(last, before.length)
      rest.pop()
      rest[rest.length - 1] = joined
    }
  }
}

/** A piece that is less than a quarter of its memory is copied out of it before it is kept. */
const owned = (chunk: Uint8Array): Uint8Array =>
  chunk.length * 4 < chunk.buffer.byteLength ? new Uint8Array(chunk) : chunk

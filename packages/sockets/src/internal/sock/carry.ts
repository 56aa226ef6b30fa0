// Memory for what has not arrived yet: no more than this, or twice what did.
const firstRoom = 64 * 1024

const none = new Uint8Array(0)

/** Bytes of a stream that were received and not handed out yet, in order: what an interrupted receive leaves behind. */
export class Carry {
  private bytes: Uint8Array = none
  private start = 0
  private end = 0

  get size(): number {
    return this.end - this.start
  }

  /**
   * Receives once, towards `total` bytes in all. `receive` fills a part of the memory and says how many bytes came.
   */
  fill<R extends number | undefined>(
    total: number,
    receive: (into: Uint8Array, offset: number, length: number) => R
  ): R {
    this.makeRoom(total)
    const length = Math.min(this.bytes.length - this.end, total - this.size)
    const count = receive(this.bytes, this.end, length)
    if (count !== undefined) this.end += count
    return count
  }

  /** Has these bytes and no others; the memory is its own from here on. */
  adopt(bytes: Uint8Array): void {
    this.bytes = bytes
    this.start = 0
    this.end = bytes.length
  }

  /** Puts bytes before the others. */
  prepend(bytes: Uint8Array): void {
    const joined = new Uint8Array(bytes.length + this.size)
    joined.set(bytes)
    joined.set(this.bytes.subarray(this.start, this.end), bytes.length)
    this.adopt(joined)
  }

  private makeRoom(total: number): void {
    if (this.end === this.bytes.length) this.resize(Math.min(total, Math.max(firstRoom, 2 * this.size)))
  }

  private resize(room: number): void {
    const larger = new Uint8Array(room)
    larger.set(this.bytes.subarray(this.start, this.end))
    this.end = this.size
    this.start = 0
    this.bytes = larger
  }

  /** The first bytes, at most `count`, as memory of their own. */
  take(count: number): Uint8Array {
    const length = Math.min(count, this.size)
    const { bytes, start } = this
    this.drop(length)
    // Handed over as it is where nothing else is in that memory, and little more.
    if (this.size > 0 || 2 * length < bytes.length) return bytes.slice(start, start + length)
    return length === bytes.length ? bytes : bytes.subarray(start, start + length)
  }

  /** Moves the first bytes to the buffer, as many as fit into `length`; how many. */
  moveTo(buffer: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.size)
    buffer.set(this.bytes.subarray(this.start, this.start + count), offset)
    this.drop(count)
    return count
  }

  /** As {@link take}, and keeps them. */
  peek(count: number): Uint8Array {
    return this.bytes.slice(this.start, this.start + Math.min(count, this.size))
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    this.start += count
    if (this.size > 0) return
    this.bytes = none
    this.start = this.end = 0
  }
}

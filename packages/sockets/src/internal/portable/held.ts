/** Bytes that were taken from a driver and not received yet. */
export class Held {
  private chunks: Array<Uint8Array> = []
  private bytes = 0

  get size(): number {
    return this.bytes
  }

  push(chunks: ReadonlyArray<Uint8Array>): void {
    for (const chunk of chunks) {
      this.chunks.push(chunk)
      this.bytes += chunk.length
    }
  }

  /** Copies what is here, `length` at most; how much. */
  peek(into: Uint8Array, offset: number, length: number): number {
    let copied = 0
    for (const chunk of this.chunks) {
      if (copied >= length) break
      const piece = chunk.subarray(0, length - copied)
      into.set(piece, offset + copied)
      copied += piece.length
    }
    return copied
  }

  /** As {@link peek}, and drops what was copied. */
  take(into: Uint8Array, offset: number, length: number): number {
    const copied = this.peek(into, offset, length)
    this.bytes -= copied
    let left = copied
    let whole = 0
    for (const chunk of this.chunks) {
      if (chunk.length > left) break
      left -= chunk.length
      whole += 1
    }
    if (whole > 0) this.chunks.splice(0, whole)
    const [first] = this.chunks
    if (left > 0 && first !== undefined) this.chunks[0] = first.subarray(left)
    return copied
  }
}

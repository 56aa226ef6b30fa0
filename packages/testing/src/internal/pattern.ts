/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** From 0 to `limit - 1`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit)
  }

  /** From 1 to `limit`, each order of magnitude about as often. */
  size(limit: number): number {
    return 1 + this.below(1 + this.below(limit))
  }
}

// A prime, so that no buffer size is in step with it.
const period = 65521

/** An endless sequence of bytes, to send and to compare with what arrived. */
export class Pattern {
  private readonly table = new Uint8Array(period)
  private position = 0

  constructor(seed: number) {
    const random = new Random(seed)
    for (let i = 0; i < period; i++) this.table[i] = random.below(256)
  }

  /** Bytes so far. */
  get offset(): number {
    return this.position
  }

  /** The next bytes, in memory of their own. */
  next(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.fill(bytes)
    return bytes
  }

  fill(bytes: Uint8Array): void {
    for (let filled = 0; filled < bytes.length;) {
      const start = this.position % period
      const piece = this.table.subarray(start, start + bytes.length - filled)
      bytes.set(piece, filled)
      filled += piece.length
      this.position += piece.length
    }
  }

  /** Whether the bytes are the next ones; if not, where they differ. */
  compare(bytes: Uint8Array): string | undefined {
    for (const byte of bytes) {
      if (byte !== this.table[this.position % period]) return `byte ${this.position} is not the one that was sent`
      this.position++
    }
    return undefined
  }
}

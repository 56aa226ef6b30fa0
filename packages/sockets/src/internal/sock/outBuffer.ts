const newline = 0x0a

/** What is held back before it is sent: 0 nothing, 1 what is no whole line, else less than `size` bytes. */
export class OutBuffer {
  private pieces: Array<Uint8Array> = []
  private held = 0

  constructor(private readonly size: number) {}

  /** Holds the bytes; what is to be sent now. They are copied, as the caller may use their memory again. */
  push(bytes: Uint8Array): ReadonlyArray<Uint8Array> {
    const isDue = this.size === 1 ? bytes.includes(newline) : this.held + bytes.length >= this.size
    this.pieces.push(isDue ? bytes : bytes.slice())
    this.held += bytes.length
    return isDue ? this.take() : []
  }

  /** Everything held. */
  take(): ReadonlyArray<Uint8Array> {
    const { pieces } = this
    this.pieces = []
    this.held = 0
    return pieces
  }
}

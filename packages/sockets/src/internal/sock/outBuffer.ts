const newline = 0x0a

/** What a buffer holds unless told otherwise, and a line that does not end, as in C and in Python. */
export const usualSize = 8192

/** What is held back before it is sent: 0 nothing, 1 what is no whole line, else less than `size` bytes. */
export class OutBuffer {
  private pieces: Array<Uint8Array> = []
  private held = 0

  private readonly most: number

  constructor(private readonly size: number) {
    this.most = size === 1 ? usualSize : size
  }

  /** Holds the bytes; what is to be sent now. They are copied, as the caller may use their memory again. */
  push(bytes: Uint8Array): ReadonlyArray<Uint8Array> {
    const isDue = this.held + bytes.length >= this.most || (this.size === 1 && bytes.includes(newline))
    if (isDue || bytes.length > 0) this.pieces.push(isDue ? bytes : bytes.slice())
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

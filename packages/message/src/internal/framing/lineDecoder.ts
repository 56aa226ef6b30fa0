import type { Decoder, Fault } from "../../Framing.js"
import { Pending } from "./pending.js"

/** Frames of a payload and a newline. */
export class LineDecoder implements Decoder {
  /** Chunks that were not searched to their end yet. */
  private readonly unread = new Pending()
  /** The unfinished line: searched, and without a newline, so that no byte is looked at twice. */
  private readonly line = new Pending()
  private fault: Fault | undefined

  constructor(
    private readonly newline: number,
    private readonly limit: number
  ) {}

  push(chunk: Uint8Array): void {
    if (this.fault === undefined) this.unread.push(chunk)
  }

  next(): Uint8Array | Fault | undefined {
    const { limit, line, newline, unread } = this
    while (unread.held > 0) {
      const end = unread.indexInFirst(newline)
      const length = end < 0 ? unread.firstLength : end
      if (line.held + length > limit) {
        unread.clear()
        line.clear()
        return (this.fault = { _tag: "TooLarge", size: limit + 1, limit })
      }
      const piece = unread.take(length)
      if (end < 0) {
        line.push(piece)
        continue
      }
      unread.skip(1)
      if (line.held === 0) return piece
      line.push(piece)
      return line.take(line.held)
    }
    line.settle()
    return this.fault
  }

  partial() {
    const received = this.line.held
    return received === 0 ? undefined : { received, expected: received + 1 }
  }
}

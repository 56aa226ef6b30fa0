import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"

/** The longest line, in characters: a peer that never ends one must not fill the memory. */
const longestLine = 1024 * 1024

/** Text in pieces of UTF-8, cut into lines that end with `\n` or `\r\n`. Bytes that are no UTF-8 become U+FFFD. */
export class Lines {
  // A mark of the byte order is a character like others: what was sent arrives.
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  private rest = ""

  /** The lines that are whole now, without their ends. */
  push(bytes: Uint8Array): Effect.Effect<Array<string>, InvalidArgument> {
    return Effect.suspend(() => {
      const found = this.cut(this.decoder.decode(bytes, { stream: true }))
      return [...found, this.rest].some(({ length }) => length > longestLine)
        ? new InvalidArgument({
            operation: "makefile",
            problem: `a line has more than ${longestLine} characters; open the file for bytes to read such lines`
          })
        : Effect.succeed(found)
    })
  }

  /** The last line, if the text does not end with one's end. */
  end(): Array<string> {
    const found = this.cut(this.decoder.decode())
    return this.rest === "" ? found : [...found, this.rest]
  }

  private cut(text: string): Array<string> {
    const parts = (this.rest + text).split("\n")
    this.rest = parts.pop() ?? ""
    return parts.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
  }
}

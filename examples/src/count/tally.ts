import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { Counted } from "./contract.js"

const newline = 0x0a

/** The ASCII white space that `wc` knows: tab, newline, vertical tab, form feed, carriage return, space. */
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** Lines are newlines and words are what stands between white space, as `wc` counts them. Rejects as `node:fs` does. */
export const tally = async (path: string): Promise<Counted> => {
  const hash = createHash("sha256")
  let bytes = 0
  let lines = 0
  let words = 0
  let insideWord = false
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 256 * 1024 })
  for await (const chunk of chunks) {
    hash.update(chunk)
    bytes += chunk.length
    for (const byte of chunk) {
      if (byte === newline) lines += 1
      const space = isSpace(byte)
      if (!space && !insideWord) words += 1
      insideWord = !space
    }
  }
  return new Counted({ bytes, lines, words, sha256: hash.digest("hex") })
}

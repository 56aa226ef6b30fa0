import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Connection } from "../Connection.js"
import type { WriteError } from "../DuctError.js"
import { lend } from "./lending.js"

/** Up to here data is copied, so that the caller's buffer is free at once; above, it is lent until it left. */
const copyLimit = 16 * 1024

/** The same for who does not wait: what follows others within a turn leaves when that ends, unless it is as much as this. */
const copyLimitAtOnce = 64 * 1024

/** Sends all bytes of the pieces, in one piece among concurrent senders; how many. */
export const writePieces = (
  connection: Connection,
  pieces: Iterable<Uint8Array>,
  timeout: Duration.Duration
): Effect.Effect<number, WriteError> => {
  const [first, ...rest] = Array.from(pieces).filter((piece) => piece.length > 0)
  if (first === undefined) return nothing
  const total = rest.reduce((sum, piece) => sum + piece.length, first.length)
  const sent =
    total <= (Duration.toMillis(timeout) > 0 ? copyLimit : copyLimitAtOnce)
      ? connection.write([concat([first, ...rest], total)], timeout)
      : lend(connection, [first, ...rest], timeout)
  return Effect.as(sent, total)
}

const nothing = Exit.succeed(0)

const concat = (chunks: Chunks, total: number): Uint8Array => {
  const out = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    out.set(chunk, offset)
    offset += chunk.length
  }
  return out
}

import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Connection } from "../Connection.js"
import type { WriteError } from "../DuctError.js"
import { andThen } from "../Settled.js"
import { copyOf } from "../Slab.js"
import { lend } from "./lending.js"

/** Up to here data is copied, so that the caller's buffer is free at once; above, it is lent until it left. */
const copyLimit = 16 * 1024

/** The same for who does not wait: what follows others within a turn leaves when that ends, unless it is as much as this. */
const copyLimitAtOnce = 64 * 1024

/**
 * Sends all bytes, in one piece among concurrent senders. This, as {@link writePieces}, is called when it is run: what it
 * returns is what is left to be run.
 */
export const writeAll = (
  connection: Connection,
  bytes: Uint8Array,
  timeout: Duration.Duration
): Effect.Effect<void, WriteError> => {
  if (bytes.length === 0) return Exit.void
  return isCopied(bytes.length, timeout)
    ? connection.offer([copyOf([bytes], bytes.length)], timeout)
    : lend(connection, [bytes], timeout)
}

/** The same with pieces; how many bytes. */
export const writePieces = (
  connection: Connection,
  pieces: Iterable<Uint8Array>,
  timeout: Duration.Duration
): Effect.Effect<number, WriteError> => {
  const chunks = Array.from(pieces).filter((piece) => piece.length > 0)
  if (!Arr.isNonEmptyReadonlyArray(chunks)) return nothing
  const total = chunks.reduce((sum, piece) => sum + piece.length, 0)
  const sent = isCopied(total, timeout)
    ? connection.offer([copyOf(chunks, total)], timeout)
    : lend(connection, chunks, timeout)
  return andThen(sent, () => Exit.succeed(total))
}

const nothing = Exit.succeed(0)

const isCopied = (total: number, timeout: Duration.Duration): boolean =>
  total <= (Duration.isZero(timeout) ? copyLimitAtOnce : copyLimit)

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Connection } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctTimeout, type WriteError } from "../DuctError.js"
import { isDone } from "../Settled.js"

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

/** Writes without a copy, so it has to wait until the bytes left; the time-out bounds all of it. */
const lend = (connection: Connection, chunks: Chunks, timeout: Duration.Duration): Effect.Effect<void, WriteError> => {
  const offered = connection.offer(chunks, timeout)
  if (isDone(offered)) return left(connection, offered, timeout)
  return Effect.flatMap(Deadline.make(timeout), (until) =>
    Effect.flatMap(offered, () => left(connection, Exit.void, timeout, until))
  )
}

const left = (
  connection: Connection,
  offered: Exit.Exit<void, WriteError>,
  timeout: Duration.Duration,
  until?: Deadline.Deadline
): Effect.Effect<void, WriteError> => {
  if (connection.pending() === 0 || Exit.isFailure(offered)) return offered
  const deadline = until === undefined ? Deadline.make(timeout) : Exit.succeed(until)
  return deadline.pipe(
    Effect.flatMap(connection.flushUntil),
    Effect.flatMap((hasLeft) => (hasLeft ? Exit.void : Exit.fail(new DuctTimeout({ operation: "send", timeout }))))
  )
}

import type { Chunks, Line } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctTimeout, type WriteError } from "@ductworks/core/DuctError"
import { isDone } from "@ductworks/core/Settled"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Scratch } from "./scratch.js"

/**
 * Offers frames of which the last is in memory that is used again. A scratch finds out by itself when it is free; a
 * message's owner may fill it in anew once this has completed, so the bytes have left then. The time-out bounds all of it.
 */
export const offerLent = (
  line: Line,
  chunks: Chunks,
  loan: Scratch | "message",
  timeout: Duration.Duration
): Effect.Effect<void, WriteError> => {
  const offered = line.offer(chunks, timeout)
  if (isDone(offered)) return Exit.isSuccess(offered) ? taken(line, loan, timeout) : offered
  return Effect.flatMap(Deadline.make(timeout), (until) =>
    Effect.flatMap(offered, () => taken(line, loan, timeout, until))
  )
}

const taken = (
  line: Line,
  loan: Scratch | "message",
  timeout: Duration.Duration,
  begun?: Deadline.Deadline
): Effect.Effect<void, WriteError> => {
  if (loan !== "message") {
    loan.lend(line)
    return Exit.void
  }
  if (line.pending() === 0) return Exit.void
  if (begun !== undefined) return leftBy(line, begun, timeout)
  return Effect.flatMap(Deadline.make(timeout), (until) => leftBy(line, until, timeout))
}

/** Completes when what the line has taken by now has left. */
export const leftBy = (
  line: Line,
  until: Deadline.Deadline,
  timeout: Duration.Duration
): Effect.Effect<void, WriteError> =>
  Effect.flatMap(line.flushUntil(until), (hasLeft) =>
    hasLeft ? Exit.void : Exit.fail(new DuctTimeout({ operation: "send", timeout }))
  )

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Line } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctTimeout, type WriteError } from "../DuctError.js"
import { isDone } from "../Settled.js"

export const lend = (line: Line, chunks: Chunks, timeout: Duration.Duration): Effect.Effect<void, WriteError> => {
  const offered = line.offer(chunks, timeout)
  const hasLeft = (): boolean => line.pending() === 0
  // Mostly they are gone by now: then there is no deadline, and no further Effect.
  if (isDone(offered) && (Exit.isFailure(offered) || hasLeft())) return offered
  return Effect.flatMap(Deadline.make(timeout), (until) =>
    Effect.flatMap(offered, () => (hasLeft() ? Exit.void : leftBy(line, until, timeout)))
  )
}

export const leftBy = (
  line: Line,
  until: Deadline.Deadline,
  timeout: Duration.Duration
): Effect.Effect<void, WriteError> =>
  Effect.flatMap(line.flushUntil(until), (hasLeft) =>
    hasLeft ? Exit.void : Exit.fail(new DuctTimeout({ operation: "send", timeout }))
  )

import type { RawDuct } from "@ductworks/core"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctTimeout } from "@ductworks/core/DuctError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RecvError } from "../MessageError.js"
import type { Incoming, Step } from "./incoming.js"

/** The receiving of one connection: its messages, and how more of them come in. A new connection begins with a new one. */
export class Session<out In> {
  /** When the frame that is being received must be whole; set once a receive waits for the rest of it. */
  private due: Deadline.Deadline | undefined
  private readonly timedOut: Exit.Exit<never, DuctTimeout>
  /** Waits for bytes or the end, without a limit. */
  readonly more: Effect.Effect<void, RecvError>

  constructor(
    private readonly raw: RawDuct.RawDuct,
    readonly incoming: Incoming<In>,
    private readonly timeout: Duration.Duration
  ) {
    this.timedOut = Exit.fail(new DuctTimeout({ operation: "recv", timeout }))
    this.more = Effect.matchEffect(raw.pull, {
      onFailure: (error) => {
        switch (error._tag) {
          case "NotConnected":
          case "DuctClosed":
          case "DuctBusy":
            return Exit.fail(error)
          default:
            return Exit.succeed(incoming.close(error))
        }
      },
      onSuccess: (chunks) => Exit.succeed(incoming.push(chunks))
    })
  }

  /** Gets bytes in, or does what the step says. */
  advance(step: Exclude<Step, "ready">): Effect.Effect<void, RecvError> {
    if (step !== "starved") return step
    return this.incoming.isInsideFrame && Duration.isFinite(this.timeout) ? this.moreInTime : this.more
  }

  /** The frame is whole: the time of the next one has not begun. */
  settle(): void {
    this.due = undefined
  }

  /** Waits for the rest of a frame that has begun. After a time-out the next receive waits anew. */
  private readonly moreInTime: Effect.Effect<void, RecvError> = Effect.suspend(() =>
    this.due === undefined ? Effect.flatMap(Deadline.make(this.timeout), this.moreUntil) : this.moreUntil(this.due)
  )

  private readonly moreUntil = (due: Deadline.Deadline): Effect.Effect<void, RecvError> => {
    this.due = due
    return Effect.flatMap(this.raw.poll(Deadline.remaining(due)), (isHere) => {
      if (isHere) return this.more
      this.due = undefined
      return this.timedOut
    })
  }
}

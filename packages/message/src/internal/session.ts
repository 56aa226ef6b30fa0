import type { Line } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctTimeout } from "@ductworks/core/DuctError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RecvError } from "../MessageError.js"
import type { Inbound } from "./format.js"
import { Incoming, type Step } from "./incoming.js"

/** The receiving of one connection: its messages, and how more of them come in. A new connection begins with a new one. */
export class Session<out In> extends Incoming<In> {
  /** When the frame that is being received must be whole; set once a receive waits for the rest of it. */
  private due: Deadline.Deadline | undefined

  constructor(
    readonly line: Line,
    format: Inbound<In>,
    private readonly timeout: Duration.Duration
  ) {
    super(format)
  }

  /** The next step of a receive, after all bytes were taken in that it needs and that are here. */
  next(): Step {
    for (;;) {
      const step = this.step()
      if (step !== "starved") return step
      const taken = this.take()
      if (taken === "nothing") return this.isOverdue() ? this.timedOut() : step
      if (taken !== "taken") return taken
    }
  }

  /** Whether what is waited for, when starved, is the rest of a frame, which has to be here when it is due. */
  get hasDeadline(): boolean {
    return this.isInsideFrame && Duration.isFinite(this.timeout)
  }

  /** Waits for bytes or the end, when starved. */
  get more(): Effect.Effect<void> {
    return this.hasDeadline ? this.untilDue() : this.line.arrival()
  }

  /** The frame is whole: the time of the next one has not begun. */
  settle(): void {
    this.due = undefined
  }

  /** Takes in what is here, be it the end. If there is nothing, and will be nothing, because of this side: why. */
  take(): "taken" | "nothing" | Exit.Exit<never, RecvError> {
    const { line } = this
    const room = line.takeInto === undefined ? undefined : this.room()
    const taken = room === undefined ? line.take(this.due) : line.takeInto?.(room, this.due)
    if (room !== undefined) this.filled(typeof taken === "number" ? taken : 0)
    if (taken === undefined) return "nothing"
    if (typeof taken === "number") return "taken"
    if (!("_tag" in taken)) this.push(taken)
    else if (taken._tag === "DuctClosed" || taken._tag === "DuctBusy") return Exit.fail(taken)
    else this.close(taken)
    return "taken"
  }

  private untilDue(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.due !== undefined) return this.line.arrival(this.due)
      return Effect.flatMap(Deadline.make(this.timeout), (due) => {
        this.due = due
        return this.line.arrival(due)
      })
    })
  }

  private timedOut(): Exit.Exit<never, DuctTimeout> {
    return Exit.fail(new DuctTimeout({ operation: "recv", timeout: this.timeout }))
  }

  /** After a time-out the next receive waits anew. */
  private isOverdue(): boolean {
    if (this.due === undefined || !Deadline.isOver(this.due)) return false
    this.due = undefined
    return true
  }
}

import type { RawDuct } from "@ductworks/core"
import { DuctClosed } from "@ductworks/core/DuctError"
import type { Exclusive } from "@ductworks/core/Exclusive"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RuntimeFiber } from "effect/Fiber"
import type { RecvError } from "../MessageError.js"
import type { Session } from "./session.js"

type Recv<A> = Effect.Effect<A, RecvError>

type Fiber = RuntimeFiber<unknown, unknown>

/**
 * The wait of a receive for its next frame. What arrives is decoded there and then, and the fiber resumed with what takes
 * the message: to wake it for a look would cost as much again. All else is left to the receive itself, and so is a fiber
 * that was interrupted and has lost the turn. Nothing is taken out before the fiber runs, which it may not.
 *
 * Made once, for each time that the receive waits: what a thousand ducts make anew for every wait, the collector copies.
 */
export class Wait<In, A> {
  private session: Session<In> | undefined
  private fiber: Fiber | undefined
  private resume: ((next: Recv<A>) => void) | undefined
  /** Whether the line will call. It is left to do so when the fiber is interrupted, and asked once, whoever waits. */
  private isAsked = false

  constructor(
    private readonly raw: RawDuct.RawDuct,
    private readonly turn: Exclusive,
    private readonly take: (session: Session<In>) => Recv<A>,
    private readonly again: () => Recv<A>
  ) {}

  /** For the fiber, which has the turn. To be run by it. */
  for(fiber: Fiber, session: Session<In>): Recv<A> {
    const abandoned = this.resume
    this.resume = undefined
    // Whose it is was interrupted and has lost the turn, but may go on for all that.
    abandoned?.(this.again())
    this.fiber = fiber
    if (session !== this.session) this.isAsked = false
    this.session = session
    return this.wait
  }

  private readonly wait: Recv<A> = Effect.async((resume) => {
    this.resume = resume
    this.listen()
  })

  private listen(): void {
    if (this.isAsked || this.session === undefined) return
    this.isAsked = this.session.line.onArrival(this.look)
    if (!this.isAsked) this.look()
  }

  private readonly look = (): void => {
    const { fiber, resume, session } = this
    this.isAsked = false
    // Who has not begun to wait, as the fiber paused before that, asks when it does.
    if (fiber === undefined || resume === undefined || session === undefined) return
    if (!this.turn.isHeldBy(fiber)) return this.end(this.again())
    const step = session.next()
    // An undecodable message would be lost with a fiber that is interrupted now.
    if (step === "ready" && Exit.isSuccess(session.peek())) return this.end(this.take(session))
    if (this.raw.line() !== session.line) return this.end(this.turn.fail(closed))
    if (step === "starved" && !session.hasDeadline) return this.listen()
    this.end(this.again())
  }

  private end(next: Recv<A>): void {
    const { resume } = this
    this.resume = this.fiber = undefined
    resume?.(next)
  }
}

/** To whoever waits when the connection goes. */
export const closed = Exit.fail(new DuctClosed({ operation: "recv" }))

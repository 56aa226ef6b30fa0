import { DuctClosed, NotConnected } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RuntimeFiber } from "effect/Fiber"
import type { RecvError } from "../MessageError.js"
import type { Receiver } from "./receiver.js"
import type { Session } from "./session.js"

type Recv<A> = Effect.Effect<A, RecvError>

type Fiber = RuntimeFiber<unknown, unknown>

/** What a receive takes of what is ready. */
export interface Taking<In, out A> {
  /** Whether all is to be decoded that is here. */
  readonly isAll: boolean
  readonly take: (session: Session<In>) => A
}

/**
 * Receives without a lock: one fiber, which keeps the turn while it waits.
 *
 * It is made once, and so are its Effects, which have nothing but this behind them: what a thousand ducts make anew for every
 * wait, the collector copies, and each object that a wake touches is fetched from far away.
 */
export class Lone<In, A> {
  /** To be kept: it may be run any number of times. */
  readonly receive: Recv<A>
  private session: Session<In> | undefined
  private fiber: Fiber | undefined
  private resume: ((next: Recv<A>) => void) | undefined
  /** Whether the line will call. It is left to do so when the fiber is interrupted, and asked once, whoever waits. */
  private isAsked = false
  /** What the turn's holder found ready. The commit takes it from there, whatever became of the connection meanwhile. */
  private ready: Session<In> | undefined
  private readonly onArrival = this.look.bind(this)
  private readonly onTurn = this.attempt.bind(this)
  private readonly waiting: Recv<A>
  private readonly commit: Recv<A>

  constructor(
    private readonly receiver: Receiver<In>,
    private readonly taking: Taking<In, A>
  ) {
    this.receive = Effect.withFiberRuntime(this.begin.bind(this))
    this.waiting = Effect.async(this.suspend.bind(this))
    this.commit = Effect.sync(this.give.bind(this))
  }

  private begin(fiber: Fiber): Recv<A> {
    return this.receiver.enter(fiber, this.onTurn)
  }

  private attempt(fiber: Fiber): Recv<A> {
    const { receiver } = this
    const session = receiver.current()
    if (session === undefined) return receiver.fail(notConnected)
    const step = session.next()
    if (step === "ready") return this.take(session)
    if (step !== "starved") {
      return Effect.matchEffect(step, {
        onFailure: (error) => receiver.fail(Exit.fail(error)),
        onSuccess: () => this.receive
      })
    }
    if (!session.hasDeadline) return this.wait(fiber, session)
    return Effect.flatMap(session.more, () => (receiver.isOf(session) ? this.receive : receiver.fail(closed)))
  }

  /** With the turn. */
  private take(session: Session<In>): Recv<A> {
    const refusal = this.receiver.refusal(session, this.taking.isAll)
    if (refusal !== undefined) return refusal
    this.ready = session
    return this.commit
  }

  /** One step, as `Exclusive.commit` has it. */
  private give(): A {
    const { ready, receiver, taking } = this
    receiver.leave()
    if (ready === undefined) throw new Error(lostTurn)
    return taking.take(ready)
  }

  // --- the wait for the next frame

  /**
   * What arrives is decoded there and then, and the fiber resumed with what takes the message: to wake it for a look would
   * cost as much again. All else is left to the receive itself, and so is a fiber that was interrupted and has lost the
   * turn. Nothing is taken out before the fiber runs, which it may not.
   */
  private wait(fiber: Fiber, session: Session<In>): Recv<A> {
    const abandoned = this.resume
    this.resume = undefined
    // Whose it is was interrupted and has lost the turn, but may go on for all that.
    abandoned?.(this.receive)
    this.fiber = fiber
    if (session !== this.session) this.isAsked = false
    this.session = session
    return this.waiting
  }

  private suspend(resume: (next: Recv<A>) => void): void {
    this.resume = resume
    this.listen()
  }

  private listen(): void {
    if (this.isAsked || this.session === undefined) return
    this.isAsked = this.session.line.onArrival(this.onArrival)
    if (!this.isAsked) this.look()
  }

  private look(): void {
    const { fiber, receiver, resume, session } = this
    this.isAsked = false
    // Who has not begun to wait, as the fiber paused before that, asks when it does.
    if (fiber === undefined || resume === undefined || session === undefined) return
    if (!receiver.isHeldBy(fiber)) return this.end(this.receive)
    const step = session.next()
    // An undecodable message would be lost with a fiber that is interrupted now.
    if (step === "ready" && Exit.isSuccess(session.peek())) return this.end(this.take(session))
    if (!receiver.isOf(session)) return this.end(receiver.fail(closed))
    if (step === "starved" && !session.hasDeadline) return this.listen()
    this.end(this.receive)
  }

  private end(next: Recv<A>): void {
    const { resume } = this
    this.resume = this.fiber = undefined
    resume?.(next)
  }
}

export const lostTurn = "ductworks: the turn was lost between decode and commit"

/** To whoever waits when the connection goes. */
export const closed = Exit.fail(new DuctClosed({ operation: "recv" }))

export const notConnected = Exit.fail(new NotConnected({ operation: "recv" }))

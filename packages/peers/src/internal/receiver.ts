import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { PeerTransportService, TransportEvent } from "../PeerTransport.js"
import type { Fibers } from "./fibers.js"
import type { Intake } from "./intake.js"

/**
 * Gives the events of the transport to the intake, while that has room. Where the transport can be asked without a fiber
 * this is none, but a task of Effect's scheduler, as fibers are: no packet is handled on top of its own sending, and
 * timers have their turn.
 */
export class Receiver {
  private events: ReadonlyArray<TransportEvent> = none
  /** The first of them that was not given. */
  private next = 0
  private isDue = false
  /** Whether the intake was full, and there may be more for it. */
  private isBlocked = false
  private isOver = false
  /** Lets the fiber go on, where there is one. */
  private resume: (() => void) | undefined = undefined

  constructor(
    private readonly transport: PeerTransportService,
    private readonly intake: Intake,
    private readonly fibers: Fibers,
    private readonly lost: (cause: Cause.Cause<unknown>) => void
  ) {}

  start(): void {
    if (this.transport.take !== undefined) return this.wake()
    this.fibers.background(Effect.catchAllCause(this.received, (cause) => Effect.sync(() => this.end(cause))))
  }

  /** The intake may not be full any more. */
  readonly retry = (): void => {
    if (this.isBlocked && !this.intake.isFull()) this.wake()
  }

  close(): void {
    this.isOver = true
  }

  /** There may be something new. */
  private readonly wake = (): void => {
    if (this.isDue) return
    this.isDue = true
    this.fibers.scheduler.scheduleTask(this.run, 0)
  }

  private readonly run = (): void => {
    this.isDue = this.isBlocked = false
    try {
      while (!this.isOver) {
        if (this.intake.isFull()) return void (this.isBlocked = true)
        const event = this.events[this.next++]
        if (event !== undefined) this.intake.see(event)
        else if (!this.fetch()) return
      }
    } catch (defect) {
      this.end(Cause.die(defect))
    }
  }

  /** Whether there are events again. */
  private fetch(): boolean {
    const { onArrival, take } = this.transport
    this.events = none
    this.next = 0
    const taken = take?.()
    if (taken === undefined) {
      this.resume?.()
      onArrival?.(this.wake)
    } else if (Exit.isExit(taken)) {
      if (Exit.isFailure(taken)) this.end(taken.cause)
    } else {
      this.events = taken
      return true
    }
    return false
  }

  /** For a transport that can only `receive`. */
  private readonly received: Effect.Effect<never, unknown> = Effect.suspend(() =>
    Effect.flatMap(this.transport.receive, (events) => {
      this.events = events
      this.next = 0
      this.run()
      return Effect.flatMap(this.seen, () => this.received)
    })
  )

  /** Completes when the intake has had all of them. */
  private readonly seen: Effect.Effect<void> = Effect.suspend(() => {
    if (this.events === none) return Exit.void
    return Effect.async<void>((resume) => {
      this.resume = () => {
        this.resume = undefined
        resume(Exit.void)
      }
    })
  })

  // What happens to one peer never comes here: this is the end of the transport.
  private end(cause: Cause.Cause<unknown>): void {
    this.close()
    this.lost(cause)
  }
}

const none: ReadonlyArray<never> = []

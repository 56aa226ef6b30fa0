import { isInterrupted } from "@ductworks/core/Exclusive"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { SocketBusy, type SocketError } from "../../SocketError.js"
import { isBlocked, wouldBlock } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { type Pace, turn } from "./pace.js"

/** Gives what it took; `undefined` after {@link Half.refuse}, which says why there is nothing. */
export type Step<A> = () => A | undefined

/** What a direction knows of its socket. */
export interface Owner {
  readonly port: Port
  readonly pace: Pace
  /** The error of a negative errno. */
  readonly error: (operation: string, result: number) => SocketError
  /** The fiber that waited is gone, and what it had borrowed or lent is not its own any more. */
  readonly abandoned: (direction: Direction) => void
}

type Holder = Fiber.RuntimeFiber<unknown, unknown>

/** Reasons besides the system's negative ones. */
export const Reason = {
  /** Others first: this socket has done enough for now. */
  breathe: 1,
  /** The system has no room: again in a while. */
  pause: 2,
  endOfStream: 3,
  /** The caller's buffer is not what it was. */
  resized: 4,
  /** A Unix listener's queue: connect says that it would have to wait, but nobody would tell when. */
  backlogFull: 5
} as const

// How long a listener that the system had no room for does not accept. Level-triggered, its poll would spin meanwhile.
const pauseMillis = 100

// Never leave this module. (Only a throw gets out of an `Effect.sync` without a value.)
const nothing = new Error("ductworks: there was nothing to take")
const taken = new Error("ductworks: somebody else waits")

/**
 * One direction of a socket: at most one fiber waits in it.
 *
 * A step is a system call and what is made of it, in one `Effect.sync`: what it took reaches the caller's next step
 * without a point between at which an interruption could drop it.
 *
 * A wait has no finalizer, which would take longer than all the rest. A fiber that was interrupted has lost its place,
 * which the next one finds out; and when it ends, its observer stops the poll, so that nothing keeps the process alive.
 */
export class Half {
  /** Set by a step that has emptied the system's buffer: to ask again before a wait would be in vain. */
  isDrained = false
  /** Set by a step that did a part, after which nobody else may go between. */
  isMidway = false
  private holder: Holder | undefined
  private observed: Holder | undefined
  private resume: (() => void) | undefined
  private timer: NodeJS.Timeout | undefined
  private reason: number = wouldBlock

  constructor(
    private readonly owner: Owner,
    private readonly direction: Direction
  ) {}

  /** Ends a step without a value: a negative errno, of which the one of waiting makes the operation wait, or a reason. */
  refuse(reason: number): undefined {
    this.reason = reason
    return undefined
  }

  /** Repeats the step until it takes something; waits, as one fiber alone, where there is nothing yet. */
  run<A>(operation: string, step: Step<A>): Effect.Effect<A, SocketError> {
    return this.runTelling(operation, step, step, this.owner.error)
  }

  /**
   * As {@link run}, with another step for after the first wait and an own way to tell of errors. The step of a fiber
   * that waited for its turn is `again`, too.
   */
  runTelling<A, E>(
    operation: string,
    first: Step<A>,
    again: Step<A>,
    tell: (operation: string, reason: number) => E
  ): Effect.Effect<A, E | SocketBusy> {
    return Effect.catchAllCause(
      Effect.sync(() => {
        if (this.holder !== undefined && !this.isVacant(this.holder)) throw taken
        return this.attempt(first)
      }),
      (cause) => this.goOn(cause, operation, first, again, tell)
    )
  }

  /** One step that never waits, and does not mind who does. */
  now<A, E>(operation: string, step: Step<A>, tell: (operation: string, reason: number) => E): Effect.Effect<A, E> {
    let reason = wouldBlock
    return Effect.catchAllCause(
      Effect.sync(() => {
        const before = this.reason
        const value = step()
        reason = this.reason
        this.reason = before
        if (value === undefined) throw nothing
        return value
      }),
      (cause) => (isDefect(cause, nothing) ? Effect.fail(tell(operation, reason)) : Effect.failCause(cause))
    )
  }

  /** Lets who waits look again, and forgets the fibers that were here. */
  close(): void {
    this.wake()
    this.observed?.removeObserver(this.onEnd)
    this.observed = undefined
  }

  // --- steps

  private attempt<A>(step: Step<A>): A {
    if (this.owner.pace.isSpent()) this.refuse(Reason.breathe)
    else {
      const value = step()
      if (value !== undefined) {
        this.release()
        return value
      }
    }
    this.hold()
    throw nothing
  }

  private goOn<A, E>(
    cause: Cause.Cause<never>,
    operation: string,
    step: Step<A>,
    again: Step<A>,
    tell: (operation: string, reason: number) => E
  ): Effect.Effect<A, E | SocketBusy> {
    if (isDefect(cause, taken)) return new SocketBusy({ operation, direction: this.direction })
    if (!isDefect(cause, nothing)) return Effect.failCause(cause)
    const { holder, reason } = this
    this.reason = wouldBlock
    const wait = this.waitFor(reason)
    if (wait === undefined) {
      this.release()
      return Effect.fail(tell(operation, reason))
    }
    const next = reason === Reason.breathe ? step : again
    const retry = Effect.sync(() => {
      if (this.holder !== holder) throw taken
      // The wait itself was refused.
      if (this.reason !== wouldBlock) throw nothing
      return this.attempt(next)
    })
    return Effect.flatMap(wait, () =>
      Effect.catchAllCause(retry, (failed) => this.goOn(failed, operation, next, again, tell))
    )
  }

  private waitFor(reason: number): Effect.Effect<void> | undefined {
    if (isBlocked(reason)) return this.ready
    if (reason === Reason.breathe) return turn
    return reason === Reason.pause ? this.pause() : undefined
  }

  // --- who is here

  private isVacant(holder: Holder): boolean {
    if (!this.isGone(holder)) return false
    // One that was interrupted where it cannot be goes on, and finds that it has lost its place.
    this.wake()
    this.leave()
    return true
  }

  private isGone(holder: Holder): boolean {
    return holder.unsafePoll() !== null || isInterrupted(holder) || holder === currentFiber()
  }

  private hold(): void {
    const fiber = currentFiber()
    this.holder = fiber
    if (this.observed === fiber) return
    this.observed?.removeObserver(this.onEnd)
    this.observed = fiber
    fiber?.addObserver(this.onEnd)
  }

  private readonly onEnd = (): void => {
    if (this.holder === this.observed) {
      this.leave()
      this.resume = undefined
      clearTimeout(this.timer)
      this.owner.port.watch(this.direction, undefined)
    }
    this.observed = undefined
  }

  private release(): void {
    this.holder = undefined
    this.isMidway = false
  }

  private leave(): void {
    this.release()
    this.owner.abandoned(this.direction)
  }

  // --- waiting

  private readonly ready: Effect.Effect<void> = Effect.async((resume) => {
    this.isDrained = false
    this.owner.pace.rest()
    this.resume = () => resume(Exit.void)
    const result = this.owner.port.watch(this.direction, this.wake)
    if (result >= 0) return
    this.reason = result
    this.wake()
  })

  private pause(): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.resume = () => resume(Exit.void)
      this.timer = setTimeout(this.wake, pauseMillis)
    })
  }

  private readonly wake = (): void => {
    const { resume } = this
    this.resume = undefined
    clearTimeout(this.timer)
    resume?.()
  }
}

const isDefect = (cause: Cause.Cause<never>, defect: Error): boolean =>
  Cause.isDieType(cause) && cause.defect === defect

const currentFiber = (): Holder | undefined => Option.getOrUndefined(Fiber.getCurrentFiber())

import { isInterrupted } from "@ductworks/core/Exclusive"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { SocketBusy, type SocketError } from "../../SocketError.js"
import { isBlocked, wouldBlock } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { type Pace, turn } from "./pace.js"
import { Reason } from "./reason.js"
import { taking } from "./taking.js"

/** What a direction knows of its socket. */
export interface Owner {
  readonly port: Port
  readonly pace: Pace
  /** The error of a negative errno. */
  readonly error: (operation: string, result: number) => SocketError
  /** Who waited looks again. */
  readonly woken: (direction: Direction) => void
  /** The fiber that had the turn is gone, and what it lent is not its own any more. */
  readonly abandoned: (direction: Direction) => void
}

/** The error of a negative errno, or of another reason. */
export type Tell<E> = (operation: string, reason: number) => E

type Holder = Fiber.RuntimeFiber<unknown, unknown>

// How long a listener that the system had no room for does not accept. Level-triggered, its poll would spin meanwhile.
const pauseMillis = 100

/**
 * One direction of a socket, in which one fiber at a time has the turn, from before its first system call until its
 * operation is over. Its steps are synchronous and say by {@link refuse} that they have to wait, or why they fail.
 *
 * A wait has no finalizer, which would take longer than all the rest. A fiber that was interrupted has lost its turn,
 * which the next one finds out; and when it ends, its observer stops the poll, so that nothing keeps the process alive.
 */
export class Half {
  /** Set by a step that did a part, after which nobody else may go between. */
  isMidway = false
  /** Set by a step that took something and then met an error: the next operation fails with it. */
  owed = 0
  private holder: Holder | undefined
  private observed: Holder | undefined
  private resume: (() => void) | undefined
  private timer: NodeJS.Timeout | undefined
  private reason: number = wouldBlock

  constructor(
    private readonly owner: Owner,
    private readonly direction: Direction
  ) {}

  // --- for steps

  /** Ends a step without a result: a negative errno, of which the one of waiting makes the operation wait; or a reason. */
  refuse(reason: number): undefined {
    this.reason = reason
    return undefined
  }

  /** Gives the turn back. Steps that end an operation do, or what they end it with. */
  release(): void {
    this.holder = undefined
    this.isMidway = false
  }

  // --- operations

  /**
   * Repeats the step, waiting in between, until it gives an effect to end with. An interruption can come before that
   * effect: a step leaves what it takes with the socket, and its effect (an `Effect.sync`, whose value reaches the
   * caller's next step without such a point) hands it over and releases the turn.
   */
  run<A, E>(
    operation: string,
    step: () => Effect.Effect<A, E> | undefined,
    tell: Tell<E>
  ): Effect.Effect<A, E | SocketBusy> {
    return Effect.withFiberRuntime<A, E | SocketBusy>((fiber) => {
      if (!this.isFor(fiber)) return this.busy(operation)
      this.holder = fiber
      return this.attempt(fiber, operation, step, tell)
    })
  }

  /** As {@link run}, for a step that takes what could not be put back: it gives that itself, in one `Effect.sync`. */
  take<A, E>(operation: string, step: () => A | undefined, tell: Tell<E>): Effect.Effect<A, E | SocketBusy> {
    const taken: Effect.Effect<A, E | SocketBusy> = taking(
      () => {
        const value = step()
        if (value !== undefined) this.release()
        return value
      },
      () => Effect.withFiberRuntime<A, E | SocketBusy>((fiber) => this.later(fiber, operation, () => taken, tell))
    )
    return this.run<A, E | SocketBusy>(operation, () => taken, tell)
  }

  /** One step that never waits, and does not mind who does. */
  now<A, E>(operation: string, step: () => A | undefined, tell: Tell<E>): Effect.Effect<A, E> {
    let reason = wouldBlock
    return taking(
      () => {
        const before = this.reason
        const value = this.next(step)
        reason = this.reason
        this.reason = before
        return value
      },
      () => Effect.fail(tell(operation, reason))
    )
  }

  /** Lets who waits look again, and forgets the fibers that were here. */
  close(): void {
    this.wake()
    this.observe(undefined)
  }

  // --- steps

  private attempt<A, E>(
    fiber: Holder,
    operation: string,
    step: () => Effect.Effect<A, E> | undefined,
    tell: Tell<E>
  ): Effect.Effect<A, E | SocketBusy> {
    const end = this.owner.pace.isSpent() ? this.refuse(Reason.breathe) : this.next(step)
    return end ?? this.later(fiber, operation, step, tell)
  }

  private next<A>(step: () => A | undefined): A | undefined {
    const { owed } = this
    if (owed === 0) return step()
    this.owed = 0
    return this.refuse(owed)
  }

  /** Goes on after a step that gave nothing, as its reason says. */
  private later<A, E>(
    fiber: Holder,
    operation: string,
    step: () => Effect.Effect<A, E> | undefined,
    tell: Tell<E>
  ): Effect.Effect<A, E | SocketBusy> {
    const { reason } = this
    this.reason = wouldBlock
    if (isBlocked(reason)) return this.whenReady(fiber, operation, step, tell)
    const wait = reason === Reason.breathe ? turn : reason === Reason.pause ? this.pause(fiber) : undefined
    // What an error tells may be what was received: it is taken by the fiber itself, for it may be interrupted until then.
    if (wait === undefined) {
      return Effect.suspend((): Effect.Effect<never, E | SocketBusy> => {
        if (this.holder !== fiber) return this.busy(operation)
        this.release()
        return Effect.fail(tell(operation, reason))
      })
    }
    return Effect.flatMap(wait, () =>
      this.holder === fiber ? this.attempt(fiber, operation, step, tell) : this.busy(operation)
    )
  }

  private busy(operation: string): SocketBusy {
    return new SocketBusy({ operation, direction: this.direction })
  }

  // --- who has the turn

  private isFor(fiber: Holder): boolean {
    const { holder } = this
    if (holder === undefined) return true
    if (holder !== fiber && holder.unsafePoll() === null && !isInterrupted(holder)) return false
    this.leave()
    // A fiber that was interrupted where it cannot be goes on, and finds that it has lost its turn.
    this.wake()
    return true
  }

  private observe(fiber: Holder | undefined): void {
    if (this.observed === fiber) return
    this.observed?.removeObserver(this.onEnd)
    this.observed = fiber
    fiber?.addObserver(this.onEnd)
  }

  private readonly onEnd = (): void => {
    if (this.holder === this.observed) {
      this.resume = undefined
      clearTimeout(this.timer)
      this.owner.port.watch(this.direction, undefined)
      this.leave()
    }
    this.observed = undefined
  }

  private leave(): void {
    this.release()
    this.owner.abandoned(this.direction)
  }

  // --- waiting

  // The poll's callback looks first: what wakes the fiber is the end of its operation.
  private whenReady<A, E>(
    fiber: Holder,
    operation: string,
    step: () => Effect.Effect<A, E> | undefined,
    tell: Tell<E>
  ): Effect.Effect<A, E | SocketBusy> {
    this.observe(fiber)
    return Effect.async((resume) => {
      const look = () => {
        if (this.holder !== fiber) return resume(this.busy(operation))
        this.owner.woken(this.direction)
        const end = step()
        if (end !== undefined) resume(end)
        else if (isBlocked(this.reason)) watch()
        else resume(this.later(fiber, operation, step, tell))
      }
      const watch = () => {
        this.owner.pace.rest()
        this.resume = look
        const result = this.owner.port.watch(this.direction, this.wake)
        if (result >= 0) return
        this.resume = undefined
        this.refuse(result)
        resume(this.later(fiber, operation, step, tell))
      }
      watch()
    })
  }

  private pause(fiber: Holder): Effect.Effect<void> {
    this.observe(fiber)
    return Effect.async((resume) => {
      this.resume = () => resume(Exit.void)
      this.timer = setTimeout(this.wake, pauseMillis)
    })
  }

  private readonly wake = (): void => {
    const { resume } = this
    this.resume = undefined
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    resume?.()
  }
}

import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Deadline } from "../Deadline.js"
import type { Timer, Watchdog } from "./watchdog.js"

/** A class, because V8 may give a literal memory of the old generation, which keeps what it refers to: see {@link Timer}. */
class Waiter {
  constructor(
    readonly fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined,
    readonly timer: Timer | undefined,
    readonly wake: () => void
  ) {}
}

/** One that is to be called anyway needs nothing around it. */
type Waiting = Waiter | (() => void)

// A wait has no finalizer (see Exclusive), so the waiters of interrupted fibers stay until the next wake; when there
// are this many, and whenever twice as many as lived at the last look, those whose fiber has ended are let go.
const firstSweep = 64

/** More than one. */
class Crowd {
  readonly waiters = new Set<Waiting>()
  private sweepAt = firstSweep

  add(waiter: Waiting): void {
    this.waiters.add(waiter)
    if (this.waiters.size >= this.sweepAt) this.sweep()
  }

  private sweep(): void {
    for (const waiter of this.waiters) {
      if (typeof waiter === "function" || waiter.fiber === undefined || waiter.fiber.unsafePoll() === null) continue
      waiter.timer?.disarm()
      this.waiters.delete(waiter)
    }
    this.sweepAt = Math.max(firstSweep, 2 * this.waiters.size)
  }
}

/**
 * Fibers that wait for a wake. A wake carries nothing: whoever is woken looks again. So nothing is lost with a fiber
 * that was interrupted meanwhile, and waking needlessly, or twice, does no harm.
 */
export abstract class Waiters {
  /** Most often there is one: kept apart, and a Set only made for more. It came before the others. */
  private first: Waiting | undefined
  private others: Crowd | undefined

  protected abstract readonly watchdog: Watchdog

  /** Waits for a wake or the deadline, unless `isOver` is already true when the wait begins. May be run again. */
  wait(isOver: () => boolean, until: Deadline | undefined): Effect.Effect<void> {
    return this.waitThen(isOver, until, done)
  }

  /**
   * The same, and then what `next` gives. That is called by whoever ends the wait, since to go on there and then is cheaper
   * than in a step of its own.
   */
  waitThen<A, E>(
    isOver: () => boolean,
    until: Deadline | undefined,
    next: () => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.async<A, E>((resume) => {
      const wake = () => resume(next())
      if (until?.at === undefined) return this.begin(isOver, undefined, wake)
      const timer = this.watchdog.join(until.at, until.clock)
      if (timer !== undefined) return this.begin(isOver, timer, wake)
      resume(this.arm(isOver, until.at, until.clock, next))
    })
  }

  private arm<A, E>(
    isOver: () => boolean,
    at: bigint,
    clock: Clock.Clock,
    next: () => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.flatMap(this.watchdog.arm(at, clock), (timer) =>
      Effect.async<A, E>((resume) => this.begin(isOver, timer, () => resume(next())))
    )
  }

  /** Fibers that wait, and a bounded number of those that did until they were interrupted. */
  get size(): number {
    return (this.others?.waiters.size ?? 0) + (this.first === undefined ? 0 : 1)
  }

  /** Calls `wake` once, unless that is for a fiber which has ended. */
  listen(wake: () => void, fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined): void {
    this.add(fiber === undefined ? wake : new Waiter(fiber, undefined, wake))
  }

  /** Wakes all, in the order in which they came. */
  wake(): void {
    const { first, others } = this
    this.first = undefined
    if (first !== undefined) rouse(first)
    if (others === undefined) return
    this.others = undefined
    for (const waiter of others.waiters) rouse(waiter)
  }

  private add(waiter: Waiting): void {
    if (this.size === 0) {
      this.first = waiter
      return
    }
    ;(this.others ??= new Crowd()).add(waiter)
  }

  private delete(waiter: Waiter): void {
    if (this.first === waiter) this.first = undefined
    else this.others?.waiters.delete(waiter)
  }

  private begin(isOver: () => boolean, timer: Timer | undefined, wake: () => void): void {
    const waiter = new Waiter(Option.getOrUndefined(Fiber.getCurrentFiber()), timer, wake)
    const isExpired = timer?.listen(() => {
      this.delete(waiter)
      wake()
    })
    if (isExpired === true || isOver()) {
      timer?.disarm()
      return wake()
    }
    this.add(waiter)
  }
}

const rouse = (waiter: Waiting): void => {
  if (typeof waiter === "function") return waiter()
  waiter.timer?.disarm()
  waiter.wake()
}

const done = () => Exit.void

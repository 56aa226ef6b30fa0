/**
 * Runs the fibers that an event woke within that event. Transports wrap their callbacks in it, and their layers set the
 * scheduler.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"

/**
 * The events of a thread, and the fibers that each of them woke: those run as soon as its callback is over, in the order
 * in which they were resumed. Effect's default scheduler runs each in a microtask of its own, right after the callback,
 * so a fiber sees no other difference.
 *
 * @since 0.1.0
 * @category models
 */
export class Wakes {
  private phase: "idle" | "event" | "fibers" = "idle"
  // Most often it is one fiber, and one who asks for the end: kept apart, since an array for each event shows.
  private first: Scheduler.Task | undefined
  private others: Array<Scheduler.Task> = []
  private end: (() => void) | undefined
  private otherEnds: Array<() => void> = []
  private count = 0

  /** A number of the event that is under way, with the fibers that it woke; 0 when none is. */
  get current(): number {
    return this.phase === "idle" ? 0 : this.count
  }

  /**
   * The callback of an event, as one whose fibers run before it returns. For callbacks that the event loop calls, and
   * nobody else, who would find that fibers ran meanwhile. (It takes two arguments, since any number would cost an array.)
   */
  within<A, One = void, Two = void>(callback: (one: One, two: Two) => A): (one: One, two: Two) => A {
    return (one, two) => {
      // Called by somebody after all: whom it wakes runs when that is over.
      if (this.phase !== "idle") return callback(one, two)
      this.phase = "event"
      this.count += 1
      try {
        return callback(one, two)
      } finally {
        this.finish()
      }
    }
  }

  /** Calls `callback` when the event that is under way is over, or else in a microtask. */
  atEnd(callback: () => void): void {
    if (this.phase === "idle") void soon.then(callback)
    else if (this.end === undefined) this.end = callback
    else this.otherEnds.push(callback)
  }

  /** Whether the task is one that the event has made due: then it runs with the event. */
  take(task: Scheduler.Task): boolean {
    if (this.phase !== "event") return false
    if (this.first === undefined) this.first = task
    else this.others.push(task)
    return true
  }

  private finish(): void {
    this.phase = "fibers"
    try {
      if (this.first !== undefined) this.runWoken(this.first)
    } finally {
      this.phase = "idle"
      if (this.end !== undefined) this.runEnds(this.end)
    }
  }

  // What these schedule is no part of the event.
  private runWoken(first: Scheduler.Task): void {
    const { others } = this
    this.first = undefined
    if (others.length > 0) this.others = []
    let next = 0
    try {
      first()
      while (next < others.length) others[next++]?.()
    } finally {
      // Who observes the end of a fiber may throw: the others run all the same.
      for (; next < others.length; next++) void soon.then(others[next])
    }
  }

  private runEnds(first: () => void): void {
    const { otherEnds } = this
    this.end = undefined
    if (otherEnds.length > 0) this.otherEnds = []
    first()
    for (const callback of otherEnds) callback()
  }
}

// The microtask after those that are queued: fibers of the default scheduler run in microtasks, all that are due in one.
const soon = Promise.resolve()

/**
 * The events of this thread.
 *
 * @since 0.1.0
 * @category wakes
 */
export const wakes: Wakes = globalValue(Symbol.for("@ductworks/core/wakes"), () => new Wakes())

// A fiber is asked before each step whether it has to yield, and the answer takes a look-up; what goes on after a wake is
// seldom longer than this. Yielding is told to begin after 2,048 steps, unless the program says otherwise.
const leastSteps = 32

/**
 * A scheduler that leaves the fibers that an event woke to the event, and all else to another one.
 *
 * @since 0.1.0
 * @category models
 */
export class WakeScheduler implements Scheduler.Scheduler {
  constructor(
    private readonly base: Scheduler.Scheduler,
    private readonly events: Wakes = wakes
  ) {}

  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    return fiber.currentOpCount > leastSteps && this.base.shouldYield(fiber)
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: Fiber.RuntimeFiber<unknown, unknown>): void {
    if (!this.events.take(task)) this.base.scheduleTask(task, priority, fiber)
  }
}

/**
 * Whether the fiber takes its next few steps without a pause, in which an interruption could come. True of one that went on
 * a few steps ago, on a {@link WakeScheduler} or Effect's own.
 *
 * @since 0.1.0
 * @category wakes
 */
export const isSteady = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean => {
  if (fiber.currentOpCount >= leastSteps / 2) return false
  const scheduler = fiber.getFiberRef(FiberRef.currentScheduler)
  if (scheduler instanceof WakeScheduler) return true
  const isEffects = scheduler === Scheduler.defaultScheduler || scheduler instanceof Scheduler.SyncScheduler
  return isEffects && fiber.getFiberRef(FiberRef.currentMaxOpsBeforeYield) > leastSteps
}

const overDefault = new WakeScheduler(Scheduler.defaultScheduler)

/**
 * Lets what is provided with this layer run on a {@link WakeScheduler} over Effect's scheduler. One of somebody's own
 * stays as it is.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.unwrapEffect(
  Effect.map(FiberRef.get(FiberRef.currentScheduler), (scheduler) => {
    if (scheduler === Scheduler.defaultScheduler) return Layer.setScheduler(overDefault)
    // What builds a runtime, and runs synchronous programs; the default's from its first wait on.
    if (scheduler instanceof Scheduler.SyncScheduler) return Layer.setScheduler(new WakeScheduler(scheduler))
    return Layer.empty
  })
)

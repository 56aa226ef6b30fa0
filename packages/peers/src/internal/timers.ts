import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { type Fibers, interrupt, type Started } from "./fibers.js"

/** Something to do at a time; set and cancelled by {@link Timers}. */
export abstract class Timer {
  at = 0
  /** Its place in the heap; -1 while it is not set. */
  index = -1

  abstract due(): void
}

/** One whose due is a function. */
export class Alarm extends Timer {
  constructor(readonly due: () => void) {
    super()
  }
}

/**
 * All time-outs of one socket: a heap, and one sleeping fiber. Setting and cancelling cost a dozen steps whatever their
 * number, where `Effect.timeout` costs 30 to 40 µs and two fibers each.
 */
export class Timers {
  private readonly heap: Array<Timer> = []
  private sleeper: Fiber.RuntimeFiber<void> | undefined
  private wakesAt = Infinity

  constructor(
    private readonly clock: Clock.Clock,
    private readonly fibers: Fibers
  ) {}

  /** Milliseconds of the monotonic clock. */
  now(): number {
    return Number(this.clock.unsafeCurrentTimeNanos()) / 1e6
  }

  /** Sets the timer to `delay` milliseconds from now, instead of when it was set to; infinity is never. */
  set(timer: Timer, delay: number): void {
    this.setAt(timer, this.now() + delay)
  }

  setAt(timer: Timer, at: number): void {
    this.cancel(timer)
    if (at === Infinity) return
    timer.at = at
    timer.index = this.heap.length
    this.heap.push(timer)
    this.up(timer)
    if (at < this.wakesAt) this.sleepUntil(at)
  }

  cancel(timer: Timer): void {
    const { index } = timer
    if (index < 0) return
    timer.index = -1
    const last = this.heap.pop()
    if (last === undefined || last === timer) return
    this.heap[index] = last
    last.index = index
    this.up(last)
    this.down(last)
  }

  /** Follows what was started to its end, and interrupts it after so many milliseconds. */
  within<A, E>(started: Started<A, E>, millis: number, ended: (exit: Exit.Exit<A, E>, isLate: boolean) => void): void {
    if (Exit.isExit(started)) return ended(started, false)
    let isLate = false
    const timer = new Alarm(() => {
      isLate = true
      interrupt(started)
    })
    this.set(timer, millis)
    this.fibers.follow(started, (exit) => {
      this.cancel(timer)
      ended(exit, isLate)
    })
  }

  /** Forgets all. */
  close(): void {
    for (const timer of this.heap) timer.index = -1
    this.heap.length = 0
    this.wakesAt = -Infinity
  }

  private sleepUntil(at: number): void {
    this.wakesAt = at
    this.sleeper?.unsafeInterruptAsFork(FiberId.none)
    const delay = Duration.millis(Math.max(0, at - this.now()))
    this.sleeper = this.fibers.background(Effect.map(this.clock.sleep(delay), () => this.wake(at)))
  }

  private wake(at: number): void {
    // Another sleeper has taken over, and will come to this one's timers too.
    if (this.wakesAt !== at) return
    this.sleeper = undefined
    const now = this.now()
    for (let first = this.heap[0]; first !== undefined && first.at <= now; first = this.heap[0]) {
      this.cancel(first)
      first.due()
    }
    if (this.wakesAt !== at) return
    const [next] = this.heap
    if (next === undefined) this.wakesAt = Infinity
    else this.sleepUntil(next.at)
  }

  private up(timer: Timer): void {
    while (timer.index > 0) {
      const parent = this.heap[(timer.index - 1) >> 1]
      if (parent === undefined || parent.at <= timer.at) return
      this.swap(timer, parent)
    }
  }

  private down(timer: Timer): void {
    for (;;) {
      const left = this.heap[2 * timer.index + 1]
      const right = this.heap[2 * timer.index + 2]
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left
      if (child === undefined || child.at >= timer.at) return
      this.swap(timer, child)
    }
  }

  private swap(one: Timer, other: Timer): void {
    const { index } = one
    one.index = other.index
    other.index = index
    this.heap[one.index] = one
    this.heap[other.index] = other
  }
}

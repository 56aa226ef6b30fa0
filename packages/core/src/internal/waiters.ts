import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Deadline, Watchdog } from "./watchdog.js"

/**
 * Fibers that wait for a wake. A wake carries nothing: whoever is woken looks again. So nothing is lost with a fiber
 * that was interrupted meanwhile, and waking needlessly, or twice, does no harm.
 */
export class Waiters {
  private waiting: Array<() => void> = []

  constructor(private readonly watchdog: Watchdog) {}

  /** Waits for a wake or the deadline, unless `isOver` is already true when the wait begins. */
  wait(isOver: () => boolean, until: Deadline | undefined): Effect.Effect<void> {
    const wait = Effect.async<void>((resume) => {
      if (isOver()) return resume(Exit.void)
      if (until === undefined) {
        this.waiting.push(() => resume(Exit.void))
      } else {
        const disarm = this.watchdog.add(until, () => resume(Exit.void))
        this.waiting.push(() => {
          disarm()
          resume(Exit.void)
        })
      }
    })
    return until === undefined ? wait : Effect.zipRight(this.watchdog.arm(until), wait)
  }

  /** Wakes all, in the order in which they came. */
  wake(): void {
    if (this.waiting.length === 0) return
    const waiting = this.waiting
    this.waiting = []
    for (const resume of waiting) resume()
  }
}

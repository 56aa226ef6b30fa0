import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type { DispatchError } from "./target.js"

/** Starts a fiber, which runs within the call until it first waits. */
export type Run = (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>

/**
 * Waits for one thing, again and again, as often as it is armed: one fiber that rests between. Nothing is registered
 * with the system while it rests.
 */
export class Watcher<A> {
  private fiber: Fiber.RuntimeFiber<void> | undefined
  private ending: Fiber.RuntimeFiber<void> | undefined
  private goOn: (() => void) | undefined
  private isMute = false

  constructor(
    wait: Effect.Effect<A, DispatchError>,
    private readonly onReady: (exit: Exit.Exit<A, DispatchError>) => void
  ) {
    const rest = Effect.async<void>((resume) => {
      this.goOn = () => resume(Exit.void)
    })
    const told = (exit: Exit.Exit<A, DispatchError>) => {
      if (!this.isMute) this.onReady(exit)
      return rest
    }
    this.loop = Effect.interruptible(Effect.forever(Effect.flatMap(Effect.exit(wait), told)))
  }

  private readonly loop: Effect.Effect<void>

  /** Waits, if it does not already. */
  arm(run: Run): void {
    const { ending, goOn } = this
    if (goOn !== undefined) {
      this.goOn = undefined
      return goOn()
    }
    if (this.fiber !== undefined) return
    // A socket has one waiter a direction: the one before must be gone.
    this.fiber = run(
      ending === undefined || ending.unsafePoll() !== null ? this.loop : Effect.zipRight(Fiber.await(ending), this.loop)
    )
  }

  /** Waits no longer, so that somebody else can. */
  disarm(): void {
    if (this.fiber === undefined || this.goOn !== undefined) return
    this.ending = this.fiber
    this.fiber = undefined
    this.ending.unsafeInterruptAsFork(FiberId.none)
  }

  /** Waits no longer, and tells nothing any more. */
  abandon(): void {
    this.isMute = true
    this.fiber?.unsafeInterruptAsFork(FiberId.none)
  }

  /** As `disarm`, and completes when nothing is registered. It can be armed again. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    const fibers = [this.fiber, this.ending].filter((fiber) => fiber !== undefined)
    this.fiber = this.ending = this.goOn = undefined
    return Fiber.interruptAll(fibers)
  })
}

/**
 * Lets one fiber in at a time; the others wait.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { attempted, ending } from "./Settled.js"

/**
 * A mutual exclusion that loses nothing to interruption, wherever it strikes: being woken carries nothing, whoever is
 * woken looks again. (`Effect.makeSemaphore`, looked at in Effect 3.22, counts a permit as taken one step before its
 * taker can give it back, so an interruption between the two keeps it for ever.)
 *
 * @since 0.1.0
 * @category models
 */
export class Gate {
  private isTaken = false
  private waiting: Set<() => void> | undefined

  /** Runs the effect once nobody else is inside. Both the wait and the effect can be interrupted. */
  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.runMasked((restore) => restore(effect))
  }

  /**
   * {@link run} for who may be done at once, or has parts that cannot be interrupted: only what `restore` is given can.
   * `use` is called when nobody else is inside.
   */
  runMasked<A, E, R>(
    use: (restore: <B, E2, R2>(effect: Effect.Effect<B, E2, R2>) => Effect.Effect<B, E2, R2>) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) => {
      const enter = (): Effect.Effect<A, E, R> => {
        if (this.isTaken) return Effect.flatMap(restore(this.opened()), enter)
        this.isTaken = true
        return ending(
          attempted(() => use(restore)),
          () => this.leave()
        )
      }
      return enter()
    })
  }

  private opened(): Effect.Effect<void> {
    return Effect.async((resume) => {
      const wake = () => resume(Exit.void)
      if (!this.isTaken) return wake()
      const waiting = (this.waiting ??= new Set())
      waiting.add(wake)
      return Effect.sync(() => waiting.delete(wake))
    })
  }

  private leave(): void {
    const { waiting } = this
    this.isTaken = false
    this.waiting = undefined
    for (const wake of waiting ?? []) wake()
  }
}

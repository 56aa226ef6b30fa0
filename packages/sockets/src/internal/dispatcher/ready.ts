import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** What is ready, each thing once and in order, and the one fiber that waits for something to be. */
export class Ready<A> {
  private readonly items = new Set<A>()
  private isWoken = false
  private goOn: (() => void) | undefined

  get size(): number {
    return this.items.size
  }

  push(item: A): void {
    if (this.items.has(item)) return
    this.items.add(item)
    this.wake()
  }

  shift(): A | undefined {
    for (const item of this.items) {
      this.items.delete(item)
      return item
    }
    return undefined
  }

  /** Whoever waits looks again, and so does who waits next. */
  wake(): void {
    const { goOn } = this
    this.isWoken = true
    this.goOn = undefined
    goOn?.()
  }

  /** Begins to look: what wakes from now on is new. */
  look(): void {
    this.isWoken = false
  }

  /** Completes when something is ready, or somebody called `wake` since the last `look`. */
  readonly something: Effect.Effect<void> = Effect.async((resume) => {
    const goOn = () => resume(Exit.void)
    if (this.items.size > 0 || this.isWoken) return goOn()
    this.goOn = goOn
    return Effect.sync(() => {
      if (this.goOn === goOn) this.goOn = undefined
    })
  })
}

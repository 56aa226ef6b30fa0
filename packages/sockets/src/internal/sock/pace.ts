import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * How many operations a socket may do without waiting before others get their turn of the event loop. Effect's own
 * yielding does not reach it: it goes on in a microtask, before timers and other sockets.
 */
export class Pace {
  private left: number

  constructor(private readonly most: number) {
    this.left = most
  }

  /** Counts an operation; whether the event loop comes first, and then the count begins again. */
  isSpent(): boolean {
    if (this.left-- > 0) return false
    this.rest()
    return true
  }

  /** Counts what an operation did besides: as much as so many others. */
  count(more: number): void {
    this.left -= more
  }

  /** The socket waits: the event loop has its turn. */
  rest(): void {
    this.left = this.most
  }
}

/** One turn of the event loop. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Exit.void))
})

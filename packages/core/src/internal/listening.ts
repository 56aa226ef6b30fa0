import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Connection } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import type { AcceptError } from "../DuctError.js"
import type { Listener } from "../Transport.js"
import { type Held, release } from "./held.js"
import { Waiters } from "./waiters.js"
import { Watchdog } from "./watchdog.js"

interface Accepting {
  readonly scope: Scope.CloseableScope
  readonly fiber: Fiber.RuntimeFiber<Connection, AcceptError>
}

/** Who waits for a connection. */
class Callers extends Waiters {
  constructor(protected readonly watchdog: Watchdog) {
    super()
  }
}

/**
 * A listener, and the one connection it is for: accepted by a fiber of its own, so that it is not lost when it comes in
 * the moment in which the time of whoever waits is up, or he is interrupted. It stays for the next.
 */
export class Listening {
  private state: "idle" | "accepting" | "over" = "idle"
  private accepting: Accepting | undefined
  private readonly waiters: Waiters

  constructor(private readonly listener: Held<Listener>) {
    this.waiters = new Callers(new Watchdog(listener.scope))
  }

  get address() {
    return this.listener.value.address
  }

  /** Begins to accept, if that is not so already. */
  readonly accept: Effect.Effect<void> = Effect.uninterruptible(
    Effect.suspend(() => {
      if (this.state !== "idle") return Effect.void
      this.state = "accepting"
      return Effect.flatMap(Scope.make(), (scope) => {
        const accept = Effect.interruptible(Scope.extend(this.listener.value.accept, scope))
        return Effect.map(Effect.forkDaemon(accept), (fiber) => {
          this.accepting = { scope, fiber }
          fiber.addObserver(() => this.waiters.wake())
        })
      })
    })
  )

  private readonly isOver = (): boolean => {
    const exit = this.accepting?.fiber.unsafePoll()
    return this.state === "over" || (exit !== null && exit !== undefined)
  }

  /** Completes when a connection is here, when there will be none, or after the time-out. */
  wait(timeout: Duration.Duration): Effect.Effect<void> {
    return Effect.flatMap(Deadline.make(timeout), (until) => {
      const self: Effect.Effect<void> = Effect.flatMap(this.waiters.wait(this.isOver, until), () =>
        this.isOver() || Deadline.isOver(until) ? Effect.void : self
      )
      return self
    })
  }

  /** Takes the accepted connection out, as a thing of its own; or why there will be none; undefined before that. */
  take(): Exit.Exit<Held<Connection>, AcceptError> | undefined {
    const { accepting } = this
    const exit = accepting?.fiber.unsafePoll()
    if (accepting === undefined || exit === null || exit === undefined) return undefined
    this.state = "over"
    // What did not succeed is ended by `release`.
    if (Exit.isSuccess(exit)) this.accepting = undefined
    return Exit.map(exit, (value) => ({ value, scope: accepting.scope }))
  }

  /** Ends the listener, and what it accepted and nobody took. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { accepting } = this
      this.state = "over"
      const end =
        accepting === undefined
          ? Effect.void
          : Effect.zipRight(Fiber.interrupt(accepting.fiber), Scope.close(accepting.scope, exit))
      return Effect.zipRight(end, release(this.listener, exit)).pipe(
        Effect.ensuring(Effect.sync(() => this.waiters.wake()))
      )
    })
  }
}

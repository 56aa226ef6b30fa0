import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Driver } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctClosed, type PollError, type ReadError } from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import { Waiters } from "./waiters.js"
import type { Watchdog } from "./watchdog.js"

const closed = Exit.fail(new DuctClosed({ operation: "recv" }))

/** The reading half of a connection: one taker, any number of watchers, a sticky end. */
export class Reader {
  private readonly turn = new Exclusive("recv")
  private readonly waiters: Waiters
  private ready: Chunks | undefined
  private end: Exit.Exit<never, ReadError> | undefined
  /** The end, if it is one of this side. */
  private fault: Exit.Exit<never, PollError> | undefined

  constructor(
    private readonly driver: Driver,
    watchdog: Watchdog
  ) {
    this.waiters = new Waiters(watchdog)
  }

  /** Whether the end of the stream, or what broke it off, has been seen. */
  readonly isEnded = (): boolean => this.end !== undefined

  readonly wake = (): void => this.waiters.wake()

  close(): void {
    // What is ready stays: a fiber that was told so may be about to take it.
    this.end = this.fault = closed
    this.wake()
  }

  /** Sees to it that `ready` has bytes: true; false while there are none yet; the reason when there will be none. */
  private fill(): boolean | Exit.Exit<never, ReadError> {
    if (this.ready !== undefined && this.end !== closed) return true
    if (this.end !== undefined) return this.end
    const taken = this.driver.take()
    if (taken === undefined) return false
    if ("_tag" in taken) {
      if (taken._tag === "LocalSocketFault") this.fault = Exit.fail(taken)
      return (this.end = Exit.fail(taken))
    }
    this.ready = taken
    return true
  }

  private readonly isFilled = (): boolean => this.fill() !== false

  private readonly takeReady = this.turn.commit((): Chunks => {
    const chunks = this.ready
    if (chunks === undefined) throw new Error("ductworks: the turn was lost between fill and commit")
    this.ready = undefined
    return chunks
  })

  readonly pull: Effect.Effect<Chunks, ReadError> = this.turn.run(() => {
    const filled = this.fill()
    if (filled === true) return this.takeReady
    if (filled !== false) return this.turn.fail(filled)
    return Effect.flatMap(this.waiters.wait(this.isFilled, undefined), () => this.pull)
  })

  readonly readable: Effect.Effect<void, PollError> = Effect.suspend(() => {
    const seen = this.look()
    return seen ?? Effect.flatMap(this.waiters.wait(this.isFilled, undefined), () => this.readable)
  })

  readonly poll = (timeout: Duration.Duration): Effect.Effect<boolean, PollError> =>
    Effect.suspend(() => {
      const seen = this.look()
      if (seen !== undefined) return Effect.as(seen, true)
      if (Duration.lessThanOrEqualTo(timeout, Duration.zero)) return no
      return Effect.flatMap(Deadline.make(timeout), (until) => this.pollUntil(until))
    })

  private pollUntil(until: Deadline.Deadline): Effect.Effect<boolean, PollError> {
    return Effect.flatMap(this.waiters.wait(this.isFilled, until), () => {
      const seen = this.look()
      if (seen !== undefined) return Effect.as(seen, true)
      return Deadline.isOver(until) ? no : this.pollUntil(until)
    })
  }

  /** Nothing to see yet; something to pull, be it an end; or that this end is of no more use. */
  private look(): undefined | Exit.Exit<void, PollError> {
    const filled = this.fill()
    if (filled === false) return undefined
    return (filled === true ? undefined : this.fault) ?? Exit.void
  }
}

const no = Exit.succeed(false)

import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

/** A wait that ends at the latest at `at` nanoseconds of the clock that made it; `undefined` is never. */
export interface Deadline {
  readonly clock: Clock.Clock
  readonly at: bigint | undefined
}

interface Entry {
  readonly at: bigint
  readonly expire: () => void
}

/** Now + `timeout`, on the clock of the calling fiber. */
export const deadline = (timeout: Duration.Duration): Effect.Effect<Deadline> =>
  Effect.map(Effect.clock, (clock) => ({
    clock,
    at: Option.getOrUndefined(Option.map(Duration.toNanos(timeout), (nanos) => clock.unsafeCurrentTimeNanos() + nanos))
  }))

export const isOver = (deadline: Deadline): boolean =>
  deadline.at !== undefined && deadline.clock.unsafeCurrentTimeNanos() >= deadline.at

/** The time left until the deadline; zero when it is over. */
export const remaining = (deadline: Deadline): Duration.Duration => {
  if (deadline.at === undefined) return Duration.infinity
  const nanos = deadline.at - deadline.clock.unsafeCurrentTimeNanos()
  return nanos > 0n ? Duration.nanos(nanos) : Duration.zero
}

/**
 * All time-outs of one connection, served by at most one sleeping fiber. It is not woken when a wait ends early: it
 * sleeps on, finds nothing due, and sleeps until the next deadline. So a wait with a time-out costs a Set entry, where
 * `Effect.timeout` costs 30 to 40 µs.
 */
export class Watchdog {
  private readonly entries = new Set<Entry>()
  private sleep: { readonly clock: Clock.Clock; readonly until: bigint } | undefined

  constructor(private readonly scope: Scope.Scope) {}

  /** Sees to it that somebody is awake at the deadline. Runs before {@link add}, in the waiting fiber. */
  arm(deadline: Deadline): Effect.Effect<void> {
    if (deadline.at === undefined) return Effect.void
    const { at, clock } = deadline
    const sleep = this.sleep
    if (sleep !== undefined && sleep.clock === clock && sleep.until <= at) return Effect.void
    return Effect.forkIn(this.serve(clock, at), this.scope)
  }

  /** Calls `expire` at the deadline, unless the returned function is called before. */
  add(deadline: Deadline, expire: () => void): () => void {
    if (deadline.at === undefined) return noop
    const entry: Entry = { at: deadline.at, expire }
    this.entries.add(entry)
    return () => this.entries.delete(entry)
  }

  private serve(clock: Clock.Clock, until: bigint): Effect.Effect<void> {
    return Effect.suspend(() => {
      const sleep = { clock, until }
      this.sleep = sleep
      const nanos = until - clock.unsafeCurrentTimeNanos()
      return Effect.flatMap(clock.sleep(Duration.nanos(nanos > 0n ? nanos : 0n)), () => {
        // A fiber with an earlier deadline has taken over.
        if (this.sleep !== sleep) return Effect.void
        const next = this.expireDue(clock.unsafeCurrentTimeNanos())
        this.sleep = undefined
        return next === undefined ? Effect.void : this.serve(clock, next)
      })
    })
  }

  /** Ends what is due, and says when the next is. */
  private expireDue(now: bigint): bigint | undefined {
    let next: bigint | undefined
    for (const entry of this.entries) {
      if (entry.at <= now) {
        this.entries.delete(entry)
        entry.expire()
      } else if (next === undefined || entry.at < next) {
        next = entry.at
      }
    }
    return next
  }
}

const noop = () => {}

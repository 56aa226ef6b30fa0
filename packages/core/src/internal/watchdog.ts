import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Deadline from "../Deadline.js"

/** The time-out of one wait: armed before the wait begins, so it may have expired before anybody listens to it. */
export class Timer {
  private expired = false
  private expire: () => void = noop
  /** Its neighbours among the {@link Timers}. */
  before: Timer | undefined
  after: Timer | undefined

  constructor(
    readonly at: bigint,
    private readonly timers: Timers
  ) {
    timers.add(this)
  }

  /** Calls `expire` when the time is over. Whether it is already. */
  listen(expire: () => void): boolean {
    this.expire = expire
    return this.expired
  }

  end(): void {
    const { expire } = this
    this.disarm()
    this.expired = true
    expire()
  }

  /**
   * Forgets whom it would have told, too. V8 may give timers or waiters memory of the old generation from the start; such a
   * one that is over would else keep what it refers to alive until the next collection of the whole heap (a ping-pong's
   * scavenges took six times as long).
   */
  disarm(): void {
    this.timers.delete(this)
    this.expire = noop
  }
}

/**
 * Timers that are armed, the last one first. Each knows its neighbours: a Set makes itself a new table with every few that
 * come and go, and V8 (looked at in Node 20) gives the tables of a Set that has grown old memory of the old generation,
 * where they keep the timers that they held alive (see {@link Timer.disarm}).
 */
class Timers {
  private last: Timer | undefined

  add(timer: Timer): void {
    const { last } = this
    timer.before = last
    if (last !== undefined) last.after = timer
    this.last = timer
  }

  /** Does nothing with one that is not there any more. */
  delete(timer: Timer): void {
    const { after, before } = timer
    if (this.last === timer) this.last = before
    if (after !== undefined) after.before = before
    if (before !== undefined) before.after = after
    timer.before = timer.after = undefined
  }

  all(): ReadonlyArray<Timer> {
    const timers: Array<Timer> = []
    for (let timer = this.last; timer !== undefined; timer = timer.before) timers.push(timer)
    return timers.reverse()
  }
}

/** The time-outs of one clock, and when the fiber that serves them wakes. */
interface Alarm {
  readonly clock: Clock.Clock
  readonly timers: Timers
  wakesAt: bigint | undefined
}

/**
 * All time-outs of one connection, served by one sleeping fiber a clock. It is not woken when a wait ends early: it
 * sleeps on, finds nothing due, and sleeps until the next deadline. So a wait with a time-out costs a {@link Timer}, where
 * `Effect.timeout` costs two fibers.
 */
export class Watchdog {
  private alarms: Array<Alarm> | undefined

  constructor(private readonly scope: Scope.Scope) {}

  /** A timer for the deadline, if somebody is awake by then anyway: nearly always, while a duct is in use. */
  join(at: bigint, clock: Clock.Clock): Timer | undefined {
    const { timers, wakesAt } = this.alarm(clock)
    return wakesAt !== undefined && wakesAt <= at ? new Timer(at, timers) : undefined
  }

  /**
   * A timer for the deadline, and somebody who is awake by then. The timer stands before the sleeper is looked for, and
   * the sleeper is forked in the step that notes its time: else a sleeper could wake in between, find no timer, and end.
   */
  arm(at: bigint, clock: Clock.Clock): Effect.Effect<Timer> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const alarm = this.alarm(clock)
        const timer = new Timer(at, alarm.timers)
        if (alarm.wakesAt !== undefined && alarm.wakesAt <= at) return Effect.succeed(timer)
        alarm.wakesAt = at
        return Effect.as(Effect.forkIn(Effect.interruptible(serve(alarm, at)), this.scope), timer)
      })
    )
  }

  private alarm(clock: Clock.Clock): Alarm {
    const alarms = (this.alarms ??= [])
    const known = alarms.find((alarm) => alarm.clock === clock)
    if (known !== undefined) return known
    const alarm: Alarm = { clock, timers: new Timers(), wakesAt: undefined }
    alarms.push(alarm)
    return alarm
  }
}

const serve = (alarm: Alarm, until: bigint): Effect.Effect<void> =>
  Effect.suspend(() => {
    return Effect.flatMap(Deadline.sleep({ clock: alarm.clock, at: until }), () => {
      // A fiber with an earlier deadline has taken over, and will come to this one's too.
      if (alarm.wakesAt !== until) return Effect.void
      alarm.wakesAt = endDue(alarm)
      return alarm.wakesAt === undefined ? Effect.void : serve(alarm, alarm.wakesAt)
    })
  })

/** Ends what is due, and says when the next is. */
const endDue = (alarm: Alarm): bigint | undefined => {
  const now = alarm.clock.unsafeCurrentTimeNanos()
  let next: bigint | undefined
  for (const timer of alarm.timers.all()) {
    if (timer.at <= now) timer.end()
    else if (next === undefined || timer.at < next) next = timer.at
  }
  return next
}

const noop = () => {}

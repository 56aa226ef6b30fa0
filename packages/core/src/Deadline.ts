/**
 * A point in time, on the clock of the fiber that made it, up to which something may take: for waits in several steps.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/**
 * A point in time and the clock that it is read from, which need not be that of the fiber that asks.
 *
 * @since 0.1.0
 * @category models
 */
export interface Deadline {
  readonly clock: Clock.Clock
  /** Nanoseconds of the clock's monotonic time; `undefined` is never. */
  readonly at: bigint | undefined
}

/**
 * `timeout` from now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (timeout: Duration.Duration): Effect.Effect<Deadline> =>
  Effect.withFiberRuntime((fiber) => Exit.succeed(makeFor(fiber, timeout)))

/**
 * {@link make} for who has the fiber: `timeout` from now, on its clock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeFor = (fiber: Fiber.RuntimeFiber<unknown, unknown>, timeout: Duration.Duration): Deadline => {
  const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
  const nanos = nanosOf(timeout)
  return new Point(clock, nanos === undefined ? undefined : clock.unsafeCurrentTimeNanos() + nanos)
}

/** `Duration.toNanos` (looked at in Effect 3.22) throws where the product is no finite number. That late is never. */
const nanosOf = ({ value }: Duration.Duration): bigint | undefined => {
  if (value._tag === "Nanos") return value.nanos
  return value._tag === "Millis" && value.millis < Number.MAX_SAFE_INTEGER
    ? BigInt(value.millis * 1_000_000)
    : undefined
}

// A class, because V8 may give a literal memory of the old generation, which keeps what it refers to.
class Point implements Deadline {
  constructor(
    readonly clock: Clock.Clock,
    readonly at: bigint | undefined
  ) {}
}

/**
 * The time left; zero when there is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const remaining = (deadline: Deadline): Duration.Duration => {
  if (deadline.at === undefined) return Duration.infinity
  const nanos = deadline.at - deadline.clock.unsafeCurrentTimeNanos()
  return nanos > 0n ? Duration.nanos(nanos) : Duration.zero
}

/**
 * Whether the time is up.
 *
 * @since 0.1.0
 * @category getters
 */
export const isOver = (deadline: Deadline): boolean =>
  deadline.at !== undefined && deadline.clock.unsafeCurrentTimeNanos() >= deadline.at

/** What Effect's clock (looked at in 3.22) sleeps at most: it takes more for ever, since timers of JavaScript end there. */
const longestSleep = Duration.millis(2 ** 31 - 1)

/**
 * Sleeps until the time is up, or for as long as a clock can sleep at once, about 24 days: who is woken looks again.
 *
 * @since 0.1.0
 * @category running
 */
export const sleep = (deadline: Deadline): Effect.Effect<void> =>
  deadline.clock.sleep(Duration.min(remaining(deadline), longestSleep))

/**
 * Runs the effect, in a fiber of its own, until the time is up: `none` then, after it was interrupted. A success in that
 * very moment counts. The effect can be interrupted by the time also where the caller cannot be interrupted.
 *
 * `Effect.timeout` (looked at in Effect 3.22) drops such a success, and an interruption that comes between two of its
 * first steps waits for the time to be up.
 *
 * @since 0.1.0
 * @category running
 */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  deadline: Deadline
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkDaemon(Effect.interruptible(effect))
      const untilOver = Effect.repeat(
        Effect.suspend(() => sleep(deadline)),
        { until: () => isOver(deadline) }
      )
      const timer = yield* Effect.forkDaemon(Effect.interruptible(untilOver))
      const either = Effect.async<void>((resume) => {
        const wake = () => resume(Exit.void)
        fiber.addObserver(wake)
        timer.addObserver(wake)
      })
      yield* Effect.ensuring(restore(either), Effect.zipRight(Fiber.interrupt(timer), Fiber.interrupt(fiber)))
      const exit = yield* Fiber.await(fiber)
      const isOut = Exit.isInterrupted(exit) && Exit.isSuccess(yield* Fiber.await(timer))
      return isOut ? Option.none() : Option.some(yield* exit)
    })
  )

// Under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

/**
 * {@link within} so long from now, in real time whatever the fiber's clock: for what closes, and has more to do afterwards.
 * An interruption of a caller that cannot be interrupted does not end it, as it would `Effect.timeout`, whose children are
 * interrupted then (Effect 3.22, `processNewInterruptSignal`).
 *
 * @since 0.1.0
 * @category running
 */
export const withinLive = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  timeout: Duration.DurationInput
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.withClock(
    Effect.flatMap(make(Duration.decode(timeout)), (deadline) => within(effect, deadline)),
    liveClock
  )

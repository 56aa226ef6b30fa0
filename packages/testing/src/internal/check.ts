import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import { type Check, Violation } from "../Conformance.js"
import type { Random } from "./pattern.js"

// Real sockets take real time, and a hang under a TestClock must be noticed too.
const clock = Clock.make()

/** A delay in real time. */
export const sleep = (millis: number): Effect.Effect<void> => clock.sleep(Duration.millis(millis))

/** Milliseconds that the effect took, in real time. */
export const timed = <E, R>(self: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    const begin = clock.unsafeCurrentTimeNanos()
    return Effect.map(self, () => Number(clock.unsafeCurrentTimeNanos() - begin) / 1e6)
  })

/** What a check says when it does not hold. */
export class Problem extends Data.Error<{ readonly message: string }> {}

export const problem = (message: string): Effect.Effect<never, Problem> => Effect.fail(new Problem({ message }))

export const expect = (holds: boolean, message: string | (() => string)): Effect.Effect<void, Problem> =>
  holds ? Effect.void : problem(typeof message === "string" ? message : message())

/** The check's body, with its own scope and its deadline; everything but success or interruption is a violation. */
export const makeCheck = <R>(
  law: number,
  name: string,
  deadline: Duration.DurationInput,
  body: Effect.Effect<void, unknown, R | Scope.Scope>
): Check<Exclude<R, Scope.Scope>> => ({
  law,
  name,
  // Disconnected: what cannot even be interrupted must not take the deadline along.
  run: Effect.scoped(body).pipe(
    Effect.disconnect,
    Effect.raceFirst(
      Effect.zipRight(
        clock.sleep(Duration.decode(deadline)),
        problem(`did not end within ${Duration.format(deadline)}`)
      )
    ),
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.interrupt
        : Effect.fail(new Violation({ law, check: name, problem: explain(cause), cause: Cause.squash(cause) }))
    )
  )
})

const explain = (cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure instanceof Problem) return failure.message
  return failure === undefined ? `a defect: ${Cause.pretty(cause)}` : `failed unexpectedly: ${Cause.pretty(cause)}`
}

/** Waits, in real time and within the check's deadline, for something that need not be so at once. */
export const eventually = (holds: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.repeat(Effect.zipLeft(holds, sleep(2)), { until: (is) => is }).pipe(Effect.asVoid)

/** Waits until the number has not changed for a while (real time), and gives it. */
export const stable = (value: () => number): Effect.Effect<number> => {
  const again = (last: number, quiet: number): Effect.Effect<number> =>
    Effect.flatMap(sleep(10), () => {
      const now = value()
      return now !== last ? again(now, 0) : quiet === 10 ? Effect.succeed(now) : again(now, quiet + 1)
    })
  return Effect.suspend(() => again(value(), 0))
}

/** The `_tag` of the error that the effect fails with; what else happens is a problem. */
const failureTag = <E extends { readonly _tag: string }, R>(
  operation: string,
  self: Effect.Effect<unknown, E, R>
): Effect.Effect<E["_tag"], Problem, R> =>
  Effect.matchEffect(self, {
    onFailure: (error) => Effect.succeed(error._tag),
    onSuccess: () => problem(`${operation} succeeded where it had to fail`)
  })

export const expectFailure = <E extends { readonly _tag: string }, R>(
  operation: string,
  self: Effect.Effect<unknown, E, R>,
  ...tags: ReadonlyArray<E["_tag"]>
): Effect.Effect<void, Problem, R> =>
  Effect.flatMap(failureTag(operation, self), (tag) =>
    expect(tags.includes(tag), `${operation} failed with ${tag}, expected ${tags.join(" or ")}`)
  )

/**
 * The effect, with one pause before a random one of its first steps: what other fibers do then, an interruption above
 * all, falls between two steps where Effect would rarely pause by itself.
 */
export const pausedAtRandom = <A, E, R>(self: Effect.Effect<A, E, R>, random: Random): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let stepsLeft = 1 + random.below(40)
    return Effect.withScheduler(self, {
      shouldYield: (fiber) => (--stepsLeft === 0 ? 0 : Scheduler.defaultScheduler.shouldYield(fiber)),
      scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
    })
  })

/** Lets the effect run for a random while, then interrupts it where it waits, and gives its exit. */
export const interruptSoon = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  random: Random
): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    for (let yields = random.below(8); yields > 0; yields--) yield* Effect.yieldNow()
    if (random.below(8) === 0) yield* sleep(random.below(2))
    return yield* Fiber.interrupt(fiber)
  })

/** {@link interruptSoon}, anywhere between two of its first steps too. */
export const interruptAtRandom = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  random: Random
): Effect.Effect<Exit.Exit<A, E>, never, R> => interruptSoon(pausedAtRandom(self, random), random)

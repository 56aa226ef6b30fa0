import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Deadline from "../Deadline.js"

// Closing waits in real time: under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

/**
 * Whether the effect was over in time. For what has more to do afterwards, whoever is interrupted: `Effect.timeout` has
 * children, and those are interrupted with a fiber that itself cannot be (Effect 3.22, `processNewInterruptSignal`).
 */
export const lingering = (effect: Effect.Effect<unknown>, linger: Duration.DurationInput): Effect.Effect<boolean> =>
  Deadline.make(Duration.decode(linger)).pipe(
    Effect.flatMap((until) => Deadline.within(effect, until)),
    Effect.withClock(liveClock),
    Effect.map(Option.isSome)
  )

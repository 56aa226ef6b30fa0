import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Tick } from "../PeerOptions.js"

/** For an infinite interval: nobody lives to see its second tick. */
const aeon = BigInt(Number.MAX_SAFE_INTEGER) * 1_000_000n

/**
 * Runs the body at a fixed rate for ever, first after `delay`: the n-th time n intervals after the first, however long it
 * takes itself. Times that have passed meanwhile are missed, not caught up with.
 */
export const atFixedRate = (
  interval: Duration.Duration,
  delay: Duration.Duration,
  body: (tick: Tick) => Effect.Effect<void>
): Effect.Effect<never> =>
  Effect.flatMap(Effect.clock, (clock) => {
    const nanos = Option.getOrElse(Duration.toNanos(interval), () => aeon)
    const run = (start: bigint, tick: Tick): Effect.Effect<never> => {
      const begin = clock.unsafeCurrentTimeNanos()
      return Effect.flatMap(body(tick), () => {
        const end = clock.unsafeCurrentTimeNanos()
        // The next one that is not past; one that is due at this very moment is not.
        const due = Number((end - start + nanos - 1n) / nanos)
        const index = Math.max(tick.index + 1, due)
        const rest = start + BigInt(index) * nanos - end
        const next: Tick = { previous: Duration.nanos(end - begin), missed: index - tick.index - 1, index }
        return Effect.flatMap(Clock.sleep(Duration.nanos(rest > 0n ? rest : 0n)), () => run(start, next))
      })
    }
    return Effect.flatMap(Clock.sleep(delay), () =>
      run(clock.unsafeCurrentTimeNanos(), { previous: Duration.zero, missed: 0, index: 0 })
    )
  })

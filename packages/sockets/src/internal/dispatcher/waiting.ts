import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { turn } from "../sock/pace.js"
import type { Ready } from "./ready.js"
import type { Registration } from "./registration.js"
import type { AnyTarget } from "./target.js"
import type { Run } from "./watcher.js"

/** Waits until something is ready, or there are no targets, or the time is over. It looks at the targets first. */
export const waitForEvents = <E>(
  registrations: ReadonlyMap<AnyTarget, Registration<E>>,
  ready: Ready<Registration<E>>,
  run: Run,
  timeout: Duration.Duration
): Effect.Effect<unknown> => {
  const look = () => {
    ready.look()
    for (const registration of registrations.values()) {
      if (registration.target.dispatchState === "closed") ready.push(registration)
      else registration.arm(run)
    }
    return ready.size > 0 || registrations.size === 0
  }
  // Woken without an event it looks at the targets anew, and waits on within the same time.
  const wait: Effect.Effect<void> = Effect.flatMap(ready.something, () =>
    ready.size > 0 || look() ? Effect.void : wait
  )
  // However short the time was: what is ready in the system is seen in one turn of the event loop.
  const lastLook = Effect.suspend(() => (ready.size > 0 ? Effect.void : turn))
  const bounded = Duration.isFinite(timeout) ? Effect.zipRight(Effect.timeoutOption(wait, timeout), lastLook) : wait
  return Effect.suspend(() => (look() ? Effect.void : bounded))
}

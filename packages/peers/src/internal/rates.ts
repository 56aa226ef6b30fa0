import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Tick } from "../PeerOptions.js"
import type { Counters } from "./counters.js"
import type { Fibers } from "./fibers.js"
import { atFixedRate } from "./ticker.js"

type Callback = (tick: Tick) => Effect.Effect<unknown, unknown>

/** Everything that happens at a fixed rate: ticks, heartbeats, timed callbacks. */
export class Rates {
  private readonly timed = new Map<number, { callbacks: ReadonlyArray<Callback>; fiber: Fiber.RuntimeFiber<never> }>()

  constructor(
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly hookMillis: number
  ) {}

  /** From now on, until the socket closes. */
  start(interval: Duration.Duration, delay: Duration.Duration, body: (tick: Tick) => Effect.Effect<void>) {
    return this.fibers.background(atFixedRate(interval, delay, body))
  }

  /** The tick hook: a time that it missed is counted. */
  tick(interval: Duration.Duration, callback: Callback): void {
    this.start(interval, Duration.zero, (tick) => {
      this.counters.missedTicks += tick.missed
      return this.guarded("tick", callback, tick)
    })
  }

  /** Adds a callback of the delay, or puts it in the place of all others; gives what takes it away again. */
  add(delay: Duration.Duration, callback: Callback, isExclusive: boolean): () => void {
    const millis = Duration.toMillis(delay)
    const rate = this.timed.get(millis) ?? { callbacks: [], fiber: this.run(millis) }
    rate.callbacks = isExclusive ? [callback] : [...rate.callbacks, callback]
    this.timed.set(millis, rate)
    return () => {
      rate.callbacks = rate.callbacks.filter((other) => other !== callback)
      if (rate.callbacks.length > 0 || this.timed.get(millis) !== rate) return
      this.timed.delete(millis)
      this.fibers.background(Fiber.interrupt(rate.fiber))
    }
  }

  private run(millis: number): Fiber.RuntimeFiber<never> {
    const interval = Duration.millis(millis)
    const all = (tick: Tick) =>
      Effect.forEach(
        this.timed.get(millis)?.callbacks ?? [],
        (callback) => this.guarded("a timed callback", callback, tick),
        { concurrency: "unbounded", discard: true }
      )
    return this.start(interval, interval, all)
  }

  /** However it ends, the rate goes on; and it does end. */
  private guarded(what: string, callback: Callback, tick: Tick): Effect.Effect<void> {
    const tooLong = () => Effect.die(`it took longer than hookTimeout, ${this.hookMillis} ms`)
    return Effect.suspend(() => callback(tick)).pipe(
      Effect.timeoutTo({ duration: this.hookMillis, onSuccess: Effect.succeed, onTimeout: tooLong }),
      Effect.flatten,
      Effect.catchAllCause((cause) =>
        Cause.isInterruptedOnly(cause)
          ? Effect.interrupt
          : Effect.sync(() => {
              this.counters.hookFailures++
              this.fibers.error(`${what} failed`, {}, cause)
            })
      ),
      Effect.asVoid
    )
  }
}

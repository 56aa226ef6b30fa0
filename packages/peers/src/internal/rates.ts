import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Tick } from "../PeerOptions.js"
import type { Counters } from "./counters.js"
import { type Fibers, interrupt } from "./fibers.js"
import { interval } from "./settings.js"
import { atFixedRate } from "./ticker.js"

type Callback = (tick: Tick) => Effect.Effect<unknown, unknown>

/** The callbacks of one delay. What they have begun they end, also when they are taken away meanwhile. */
class Rate {
  callbacks: ReadonlyArray<Callback> = []
  isRunning = false
  fiber: Fiber.RuntimeFiber<never> | undefined = undefined
}

/** Everything that happens at a fixed rate: ticks, heartbeats, timed callbacks. */
export class Rates {
  private readonly timed = new Map<number, Rate>()

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
    const every = interval(delay)
    const millis = Duration.toMillis(every)
    const known = this.timed.get(millis)
    const rate = known ?? new Rate()
    rate.callbacks = isExclusive ? [callback] : [...rate.callbacks, callback]
    if (known === undefined) {
      this.timed.set(millis, rate)
      this.run(rate, every)
    }
    return () => {
      rate.callbacks = rate.callbacks.filter((other) => other !== callback)
      if (rate.callbacks.length > 0 || this.timed.get(millis) !== rate) return
      this.timed.delete(millis)
      if (!rate.isRunning) interrupt(rate.fiber)
    }
  }

  private run(rate: Rate, every: Duration.Duration): void {
    const all = (tick: Tick) =>
      Effect.suspend(() => {
        rate.isRunning = true
        const running = Effect.forEach(rate.callbacks, (callback) => this.guarded("a timed callback", callback, tick), {
          concurrency: "unbounded",
          discard: true
        })
        return Effect.flatMap(running, () => {
          rate.isRunning = false
          return rate.callbacks.length > 0 ? Effect.void : Effect.interrupt
        })
      })
    rate.fiber = this.start(every, every, all)
  }

  /** However it ends, the rate goes on; and it does end. */
  private guarded(what: string, callback: Callback, tick: Tick): Effect.Effect<void> {
    const tooLong = () => Effect.die(`it took longer than hookTimeout, ${this.hookMillis} ms`)
    return Effect.suspend(() => callback(tick)).pipe(
      Effect.timeoutTo({ duration: this.hookMillis, onSuccess: Effect.succeed, onTimeout: tooLong }),
      Effect.flatten,
      Effect.catchAllCause((cause) =>
        // An interruption of its own making too: that of the socket is not seen here.
        Effect.sync(() => {
          this.counters.hookFailures++
          this.fibers.error(`${what} failed`, {}, cause)
        })
      ),
      Effect.asVoid
    )
  }
}

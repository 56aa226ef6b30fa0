import { Wakes } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberRef, Layer, ManagedRuntime, Scheduler } from "effect"

/** Fibers that wait for an event, and what happens in order. */
const make = () => {
  const wakes = new Wakes.Wakes()
  const scheduler = new Wakes.WakeScheduler(Scheduler.defaultScheduler, wakes)
  const order: Array<string> = []
  const resumes: Array<() => void> = []
  const wait = Effect.async<void>((resume) => void resumes.push(() => resume(Effect.void)))
  const event = wakes.within((name: string) => {
    order.push(`${name} begins`)
    for (const resume of resumes.splice(0)) resume()
    order.push(`${name} ends`)
    return name.length
  })
  const fork = (effect: Effect.Effect<void>) => Effect.runFork(effect, { scheduler })
  const note = (text: string) => Effect.sync(() => void order.push(text))
  return { event, fork, note, order, wait, wakes }
}

describe("Wakes", () => {
  it.effect("fibers that an event resumes run when its callback is over, in their order, before it returns", () =>
    Effect.sync(() => {
      const { event, fork, note, order, wait } = make()
      fork(Effect.zipRight(wait, note("one")))
      fork(Effect.zipRight(wait, note("two")))
      assert.strictEqual(event("event"), 5)
      assert.deepStrictEqual(order, ["event begins", "event ends", "one", "two"])
    })
  )

  it.effect("what these schedule has its turn in a microtask, as ever", () =>
    Effect.gen(function* () {
      const { event, fork, note, order, wait } = make()
      fork(Effect.zipRight(wait, Effect.zipRight(note("before"), Effect.zipRight(Effect.yieldNow(), note("after")))))
      event("event")
      assert.deepStrictEqual(order, ["event begins", "event ends", "before"])
      yield* Effect.promise(() => new Promise(setImmediate))
      assert.deepStrictEqual(order, ["event begins", "event ends", "before", "after"])
    })
  )

  it.effect("an event within another, or within a fiber that one woke, leaves its fibers to who comes after", () =>
    Effect.gen(function* () {
      const { event, fork, note, order, wait, wakes } = make()
      fork(Effect.zipRight(wait, note("woken inside")))
      wakes.within(() => {
        event("inner")
        order.push("outer ends")
      })()
      assert.deepStrictEqual(order.splice(0), ["inner begins", "inner ends", "outer ends", "woken inside"])
      fork(
        Effect.zipRight(
          wait,
          Effect.sync(() => event("second"))
        )
      )
      fork(Effect.zipRight(wait, Effect.zipRight(wait, note("late"))))
      event("first")
      assert.deepStrictEqual(order, ["first begins", "first ends", "second begins", "second ends"])
      event("third")
      assert.strictEqual(order.at(-1), "late")
    })
  )

  it.effect("a callback that throws has woken whom it has woken", () =>
    Effect.sync(() => {
      const { fork, note, order, wait, wakes } = make()
      let resume = () => {}
      fork(
        Effect.zipRight(
          Effect.async<void>((go) => void (resume = () => go(Effect.void))),
          note("woken")
        )
      )
      fork(wait)
      const event = wakes.within(() => {
        resume()
        throw new Error("defect")
      })
      assert.throws(event, /defect/)
      assert.deepStrictEqual(order, ["woken"])
      assert.strictEqual(wakes.current, 0)
    })
  )

  it.effect("who throws when a fiber has ended keeps no other fiber from running, nor the next event", () =>
    Effect.gen(function* () {
      const { event, fork, note, order, wait, wakes } = make()
      fork(wait).addObserver(() => {
        throw new Error("of an observer")
      })
      fork(Effect.zipRight(wait, note("other")))
      assert.throws(() => event("event"), /of an observer/)
      assert.strictEqual(wakes.current, 0)
      yield* Effect.promise(() => Promise.resolve())
      assert.include(order, "other")
      fork(Effect.zipRight(wait, note("next")))
      event("again")
      assert.strictEqual(order.at(-1), "next")
    })
  )

  it.effect("current names the event while it and its fibers run; atEnd is called after them, or in a microtask", () =>
    Effect.gen(function* () {
      const { event, fork, order, wait, wakes } = make()
      const seen: Array<number> = []
      fork(
        Effect.zipRight(
          wait,
          Effect.sync(() => {
            seen.push(wakes.current)
            wakes.atEnd(() => order.push("end"))
            order.push("fiber")
          })
        )
      )
      assert.strictEqual(wakes.current, 0)
      event("event")
      assert.deepStrictEqual(order, ["event begins", "event ends", "fiber", "end"])
      wakes.within(() => seen.push(wakes.current))()
      assert.strictEqual(new Set(seen).size, 2)
      assert.notInclude(seen, 0)
      wakes.atEnd(() => order.push("later"))
      assert.notInclude(order, "later")
      yield* Effect.promise(() => Promise.resolve())
      assert.include(order, "later")
    })
  )

  const current = FiberRef.get(FiberRef.currentScheduler)

  it.live("the layer sets the scheduler, for a program and for a runtime, and leaves one of somebody's own", () =>
    Effect.gen(function* () {
      const { WakeScheduler, layer } = Wakes
      assert.instanceOf(yield* Effect.provide(current, layer), WakeScheduler)
      assert.strictEqual(yield* current, Scheduler.defaultScheduler)
      assert.instanceOf(yield* Effect.provide(current, Layer.merge(Layer.empty, layer)), WakeScheduler)
      const runtime = ManagedRuntime.make(layer)
      assert.instanceOf(yield* Effect.promise(() => runtime.runPromise(current)), WakeScheduler)
      yield* Effect.promise(() => runtime.dispose())
      const own = new Scheduler.ControlledScheduler()
      const fiber = Effect.runFork(Effect.provide(current, layer), { scheduler: own })
      own.step()
      assert.strictEqual(yield* Effect.fromFiber(fiber), own)
    })
  )

  it("a synchronous program stays one, however long it is", () => {
    const long = Effect.iterate(0, { while: (n) => n < 10_000, body: (n) => Effect.succeed(n + 1) })
    assert.strictEqual(Effect.runSync(Effect.provide(Effect.zipRight(Effect.yieldNow(), long), Wakes.layer)), 10_000)
  })
})

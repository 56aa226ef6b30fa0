/**
 * Interrupts an effect at any of the points at which a fiber can be interrupted, to see what is lost there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Scheduler from "effect/Scheduler"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** Interrupts the fiber that runs first, before the operation after so many of it and of its children. */
class InterruptAfter implements Scheduler.Scheduler {
  private root: AnyFiber | undefined

  constructor(
    private operations: number,
    private readonly isYielding: () => boolean
  ) {}

  shouldYield(fiber: AnyFiber): number | false {
    this.root ??= fiber
    if (this.operations-- === 0) Effect.runSync(this.root.interruptAsFork(FiberId.none))
    return this.isYielding() ? 0 : false
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: AnyFiber): void {
    Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
}

const never = () => false

/**
 * Runs the effect and interrupts it after so many operations. Between any two of them a fiber may yield (it does at
 * every 2048th) and be interrupted; here it is. With `isYielding` it also yields there now and then.
 *
 * @since 0.1.0
 * @category running
 */
export const interruptedAfter = <A, E, R>(
  operations: number,
  effect: Effect.Effect<A, E, R>,
  isYielding: () => boolean = never
): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.flatMap(Effect.fork(Effect.withScheduler(effect, new InterruptAfter(operations, isYielding))), (fiber) =>
    Fiber.await(fiber)
  )

/**
 * Runs the scenario once for every point: what it wraps in `interrupted` is interrupted there. Ends when the effect is
 * over before the point comes, and says how many points there were. To be run under the live clock or a TestClock alike.
 *
 * @example
 * import { MessageDuct } from "@ductworks/message"
 * import { Interruption, MemoryTransport } from "@ductworks/testing"
 * import { Effect } from "effect"
 *
 * // However a receive is interrupted, the message is received once: by it, or by the next one. (It is noted in the very
 * // step that gets it: the value of a fiber that is interrupted after that is dropped.)
 * const points = Interruption.atEveryPoint((interrupted) =>
 *   Effect.gen(function* () {
 *     const [parent, child] = yield* MessageDuct.pair()
 *     const received: Array<unknown> = []
 *     const receive = Effect.flatMap(child.recv, (message) => {
 *       received.push(message)
 *       return Effect.void
 *     })
 *     yield* parent.send("once")
 *     yield* interrupted(receive)
 *     if (received.length === 0) yield* receive
 *     console.assert(received.join() === "once")
 *   }).pipe(Effect.scoped)
 * )
 *
 * console.log(await Effect.runPromise(points.pipe(Effect.provide(MemoryTransport.layer))))
 *
 * @since 0.1.0
 * @category running
 */
export const atEveryPoint = <E, R>(
  scenario: (
    interrupted: <A, E2, R2>(effect: Effect.Effect<A, E2, R2>) => Effect.Effect<Exit.Exit<A, E2>, never, R2>
  ) => Effect.Effect<void, E, R>
): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    for (let operations = 0; ; operations++) {
      let isOver = true
      yield* scenario((effect) =>
        Effect.tap(interruptedAfter(operations, effect), (exit) => {
          isOver &&= !Exit.isInterrupted(exit)
        })
      )
      if (isOver) return operations
    }
  })

/**
 * Yields at every 32nd operation on average, the same way for the same seed. (A yield is itself a dozen operations: at
 * every tenth it would never come to an end.)
 *
 * @since 0.1.0
 * @category yielding
 */
export const yieldingNowAndThen = (seed: number): (() => boolean) => {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % 32 === 0
  }
}

import { andThen, attempted, isDone } from "@ductworks/core/Settled"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { currentRuntimeFlags, currentScheduler } from "effect/FiberRef"
import type { Running } from "effect/FiberStatus"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import type * as Scheduler from "effect/Scheduler"
import type { Lock } from "../MessageDuct.js"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** Gives a part of what cannot be interrupted the caller's own state back. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Calls `use` with the lock, which is released always. The wait for it can be interrupted; the acquisition cannot, because
 * an interruption just after its last step would not tell whether the lock is held. So it goes on in a fiber of its own,
 * and what it gets then is released at once. Nothing of that costs a step where all is done at once.
 *
 * For a region that cannot be interrupted.
 */
export const holding = <A, E>(lock: Lock, restore: Restore, use: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  andThen(acquired(lock, restore), () => released(lock, attempted(use)))

const acquired = (lock: Lock, restore: Restore): Effect.Effect<unknown> =>
  isDone(lock.acquire)
    ? lock.acquire
    : Effect.withFiberRuntime((fiber, status) => acquiring(lock, restore, fiber, status))

/** Most locks are free most of the time: the fiber begins there and then, and is often over before anybody waits for it. */
const acquiring = (
  lock: Lock,
  restore: Restore,
  caller: AnyFiber,
  { runtimeFlags }: Running
): Effect.Effect<unknown> => {
  const fiberRefs = caller.getFiberRefs()
  const runtime = Runtime.make({ context: caller.currentContext, fiberRefs, runtimeFlags })
  const scheduler = new InPlace(caller.currentScheduler)
  const fiber = Runtime.runFork(runtime, lock.acquire, { scheduler })
  scheduler.goOn()
  const exit = fiber.unsafePoll()
  if (exit !== null) return andThen(exit, () => inherited(fiber, caller))
  const giveBack = Effect.flatMap(Fiber.await(fiber), (exit) => (Exit.isSuccess(exit) ? lock.release : Effect.void))
  const acquired = Effect.flatMap(Fiber.await(fiber), (exit) => andThen(exit, () => inherited(fiber, caller)))
  return Effect.onInterrupt(restore(acquired), () => Effect.forkDaemon(giveBack))
}

/**
 * The caller's scheduler, but for the first pause: that of an Effect which waits for what is there already, as the `take` of
 * a semaphore with permits does. More than one might be the pauses of who waits for somebody else.
 */
class InPlace implements Scheduler.Scheduler {
  private hasPaused = false
  private first: Scheduler.Task | undefined

  constructor(private readonly base: Scheduler.Scheduler) {}

  shouldYield(fiber: AnyFiber): number | false {
    return this.base.shouldYield(fiber)
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: AnyFiber): void {
    if (this.hasPaused) return this.base.scheduleTask(task, priority, fiber)
    this.hasPaused = true
    this.first = task
  }

  goOn(): void {
    const { first } = this
    this.hasPaused = true
    this.first = undefined
    first?.()
  }
}

/** As `Fiber.join` does it, the caller takes over what a fiber that succeeded made of its refs. Mostly that is nothing. */
const inherited = (fiber: AnyFiber, caller: AnyFiber): Effect.Effect<void> => {
  const refs = fiber.getFiberRefs()
  for (const [ref, [[, value]]] of refs.locals) {
    if (ref === currentScheduler || ref === currentRuntimeFlags || value === caller.getFiberRef(ref)) continue
    // Those two each fiber has for itself.
    return Effect.inheritFiberRefs(FiberRefs.delete(FiberRefs.delete(refs, currentScheduler), currentRuntimeFlags))
  }
  return Exit.void
}

const released = <A, E>(lock: Lock, used: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  isDone(used) && Exit.isSuccess(used) ? andThen(lock.release, () => used) : Effect.ensuring(used, lock.release)

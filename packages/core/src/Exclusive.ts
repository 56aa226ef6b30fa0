/**
 * One fiber at a time, without a lock: for operations that take something out and must not lose it when the fiber is
 * interrupted. Layers that hold values between the wire and the caller (connections, ducts) are built with it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { DuctBusy } from "./DuctError.js"

type Holder = Fiber.RuntimeFiber<unknown, unknown>

// Never leaves this module.
const nothing = new Error("ductworks: there was nothing to take")

/**
 * Whether the fiber was told to end. It may still run: its finalizers, or what cannot be interrupted.
 *
 * @since 0.1.0
 * @category guards
 */
export const isInterrupted = (fiber: Holder): boolean => !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))

/**
 * The turn of one fiber. `run` gives the calling fiber the turn and evaluates `attempt`; `attempt` either ends with
 * {@link Exclusive.commit} or {@link Exclusive.fail}, which give the turn back, or waits and comes back through `run`.
 *
 * A fiber that ended or was interrupted while it had the turn has lost it: nothing needs to be cancelled, and so a wait
 * needs no finalizer, with which an `Effect.async` would take twice as long.
 *
 * @since 0.1.0
 * @category models
 */
export class Exclusive {
  private holder: Holder | undefined

  constructor(private readonly operation: string) {}

  /** Evaluates `attempt` with the turn; fails with `DuctBusy` while another live fiber has it. */
  run<A, E, R>(attempt: (fiber: Holder) => Effect.Effect<A, E, R>): Effect.Effect<A, E | DuctBusy, R> {
    return Effect.withFiberRuntime((fiber) => this.enter(fiber, attempt))
  }

  /** What {@link run} does when it is run, for who is running already, in `fiber`. */
  enter<A, E, R>(fiber: Holder, attempt: (fiber: Holder) => Effect.Effect<A, E, R>): Effect.Effect<A, E | DuctBusy, R> {
    return this.isFreeFor(fiber) ? this.begin(fiber, attempt) : this.enterTaken(fiber, attempt)
  }

  /** Apart, since a function with closures pays for what they share whether it makes them or not. */
  private enterTaken<A, E, R>(fiber: Holder, attempt: (fiber: Holder) => Effect.Effect<A, E, R>) {
    return this.enterOr(fiber, attempt, () => Exit.fail(new DuctBusy({ operation: this.operation })))
  }

  /** As {@link enter}, but while another live fiber has the turn it goes on with `busy`. */
  enterOr<A, E, R, B, E2, R2>(
    fiber: Holder,
    attempt: (fiber: Holder) => Effect.Effect<A, E, R>,
    busy: () => Effect.Effect<B, E2, R2>
  ): Effect.Effect<A | B, E | E2, R | R2> {
    const other = this.holder
    if (other === undefined || this.isFreeFor(fiber)) return this.begin(fiber, attempt)
    if (!isInterrupted(other)) return busy()
    // Interrupted, but not ended: its finalizers run, or it is in an uninterruptible region. In the second case it goes on
    // before this fiber does.
    return Effect.flatMap(Effect.yieldNow(), () => {
      if (this.holder === other) this.holder = undefined
      return this.enterOr(fiber, attempt, busy)
    })
  }

  private isFreeFor(fiber: Holder): boolean {
    const { holder } = this
    return holder === undefined || holder === fiber || holder.unsafePoll() !== null
  }

  private begin<A, E, R>(fiber: Holder, attempt: (fiber: Holder) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    this.holder = fiber
    return attempt(fiber)
  }

  /** Whether the fiber has the turn, for what it left to be called while it waits. It may have been interrupted. */
  isHeldBy(fiber: Holder): boolean {
    return this.holder === fiber
  }

  /**
   * Takes a value out and gives the turn back, as the last step of an attempt. It is one `Effect.sync`: its value
   * reaches the caller's next step without a point between at which an interruption could drop it. (A value in an
   * `Exit` would pass such a point: the fiber may yield before it looks at the Exit.) A layer above goes on with
   * `Effect.flatMap` or `matchEffect`, whose function is that next step; `Effect.map` is a `flatMap` to another `sync`, and
   * has the point between the two.
   */
  commit<A>(take: () => A): Effect.Effect<A> {
    return Effect.sync(() => {
      this.holder = undefined
      return take()
    })
  }

  /**
   * As {@link commit}, for a `take` that cannot know before whether there is something: `undefined` means nothing, and
   * then `otherwise` goes on, with the turn. (Only a throw gets out of an `Effect.sync` without a value, and
   * `catchAllCause` lets a value pass in the same step.)
   */
  commitOr<A, B, E, R>(take: () => A | undefined, otherwise: () => Effect.Effect<B, E, R>): Effect.Effect<A | B, E, R> {
    return Effect.catchAllCause(
      Effect.sync(() => {
        const taken = take()
        if (taken === undefined) throw nothing
        this.holder = undefined
        return taken
      }),
      (cause): Effect.Effect<B, E, R> =>
        Cause.isDieType(cause) && cause.defect === nothing ? otherwise() : Effect.failCause(cause)
    )
  }

  /** Gives the turn back: for who has the one step of {@link commit} himself. */
  leave(): void {
    this.holder = undefined
  }

  /** Gives the turn back and goes on with what has a turn of its own. */
  release<A, E, R>(next: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    this.holder = undefined
    return next
  }

  /** Gives the turn back with a failure (or any other Exit that carries nothing that could be lost). */
  fail<A, E>(exit: Exit.Exit<A, E>): Exit.Exit<A, E> {
    this.holder = undefined
    return exit
  }
}

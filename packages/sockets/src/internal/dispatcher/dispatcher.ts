import { DuctBusy } from "@ductworks/core/DuctError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { type IterateOptions, logError, type OnError, provided } from "./options.js"
import { Ready } from "./ready.js"
import { Registration } from "./registration.js"
import {
  type AnyTarget,
  type DispatchError,
  type DispatchEvent,
  type DispatchTarget,
  immediateConnect
} from "./target.js"
import { waitForEvents } from "./waiting.js"

/**
 * Waits for the events of any number of targets' sockets and delivers them, one at a time, in the order in which they
 * happened. It runs in the fiber that calls `iterate`; between two calls nothing is waited for. `E` is what targets may
 * fail with besides {@link DispatchError}.
 *
 * Whatever a target or a hook does, the dispatcher goes on: a failure or a defect goes to `onError`, and the target is
 * closed. Nothing spins: a target is told of the end of a stream once, and who wants no event costs nothing.
 *
 * @since 0.1.0
 * @category models
 */
export class Dispatcher<in out E = never> {
  private readonly registrations = new Map<AnyTarget, Registration<E | DispatchError>>()
  private readonly ready = new Ready<Registration<E | DispatchError>>()
  private isIterating = false
  private onError: OnError<E> = logError

  /** How many targets there are. */
  get size(): number {
    return this.registrations.size
  }

  /**
   * Looks after a target until the scope is left (which does not close its socket: the socket's own scope does), or it
   * is closed. A target that is there already stays as it is.
   */
  add<R = never>(target: DispatchTarget<E | DispatchError, R>): Effect.Effect<void, never, R | Scope.Scope> {
    const register = this.register(target, Effect.void)
    return Effect.asVoid(Effect.acquireRelease(register, (isNew) => (isNew ? this.remove(target) : Effect.void)))
  }

  /** As {@link Dispatcher.add} without a scope: whether it was new. `closed` runs after the target's own `socketClosed`. */
  register<R>(
    target: DispatchTarget<E | DispatchError, R>,
    closed: Effect.Effect<void>
  ): Effect.Effect<boolean, never, R> {
    return Effect.contextWith((context) => {
      if (this.registrations.has(target)) return false
      const dispatch = (event: DispatchEvent) => Effect.provide(target.dispatchEvent(event), context)
      const hook = Effect.suspend(() => target.socketClosed ?? Effect.void)
      const told = this.guard(Option.some(target), Effect.provide(hook, context))
      const registration = new Registration<E | DispatchError>(
        target,
        dispatch,
        Effect.zipRight(told, closed),
        (self) => this.ready.push(self)
      )
      this.registrations.set(target, registration)
      this.ready.wake()
      return true
    })
  }

  /** Forgets a target and leaves its socket alone. Nothing of it is registered with the system afterwards. */
  remove(target: AnyTarget): Effect.Effect<void> {
    return Effect.suspend(() => this.forget(target)?.stop ?? Effect.void)
  }

  /**
   * Closes a target, whose socket may be closed already: it is `"closed"` and forgotten, what its drivers hold is
   * released, and its `socketClosed` runs, once.
   */
  socketClosed(target: AnyTarget): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const registration = this.forget(target)
        target.dispatchState = "closed"
        const close = Effect.suspend(() => Effect.zipRight(target.sock?.close ?? Effect.void, this.release(target)))
        return registration === undefined
          ? close
          : Effect.zipRight(Effect.zipRight(registration.stop, close), registration.closed)
      })
    )
  }

  private release(target: AnyTarget): Effect.Effect<void> {
    const { releases = [] } = target
    const release = (one: () => void) => this.guard(Option.some(target), Effect.sync(one))
    return Effect.forEach([...releases], release, { discard: true })
  }

  /** Delivers {@link immediateConnect}, as a caller of `connectTcp` must who was told 0, with the care of any event. */
  connected(target: AnyTarget): Effect.Effect<void> {
    return Effect.suspend(() => {
      const registration = this.registrations.get(target)
      return registration === undefined ? Effect.void : this.dispatch(registration, immediateConnect, true)
    })
  }

  /** Makes a waiting `iterate` look at the targets again: somebody else changed a filter, or a socket. */
  readonly wake: Effect.Effect<void> = Effect.sync(() => this.ready.wake())

  /** Tells `onError` of the present `iterate`, for targets that survive part of what they do. Never fails. */
  report(target: Option.Option<AnyTarget>, cause: Cause.Cause<E | DispatchError>): Effect.Effect<void> {
    return Effect.catchAllCause(
      Effect.suspend(() => this.onError({ target, cause })),
      (defect) => Effect.logError("a dispatcher's onError failed", defect)
    )
  }

  /**
   * Turn by turn, waits for events and delivers them, until `count` turns are over or there are no targets; how many
   * events were delivered. Interrupted, it leaves nothing registered, and what was not delivered is there for the next
   * call. A call within another, of any fiber, fails with `DuctBusy`.
   */
  iterate<R = never>(options: IterateOptions<E, R> = {}): Effect.Effect<number, DuctBusy, R> {
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (this.isIterating) return Exit.fail(new DuctBusy({ operation: "iterate" }))
        this.isIterating = true
        return Exit.void
      }),
      () => Effect.flatMap(Effect.context<R>(), (context) => this.turns(provided(options, context))),
      () => this.rest
    )
  }

  private turns(options: Required<IterateOptions<E, never>>): Effect.Effect<number> {
    return Effect.flatMap(Effect.runtime<never>(), (runtime) => {
      const { after, before, count } = options
      const timeout = Duration.decode(options.timeout)
      const wait = waitForEvents(this.registrations, this.ready, Runtime.runFork(runtime), timeout)
      let turns = 0
      let delivered = 0
      this.onError = options.onError
      const deliver = Effect.map(this.deliver, (more) => void (delivered += more))
      const once = this.guard(Option.none(), before).pipe(
        Effect.zipRight(wait),
        Effect.zipRight(deliver),
        Effect.zipRight(this.guard(Option.none(), after))
      )
      const all = Effect.whileLoop({
        while: () => turns < count && this.registrations.size > 0,
        body: () => once,
        step: () => void (turns += 1)
      })
      return Effect.map(all, () => delivered)
    })
  }

  // What becomes ready meanwhile is of the next turn, so that hooks run however busy a target is.
  private readonly deliver: Effect.Effect<number> = Effect.suspend(() => {
    let left = this.ready.size
    let delivered = 0
    return Effect.map(
      Effect.whileLoop({
        while: () => left > 0,
        body: () => {
          left -= 1
          const registration = this.ready.shift()
          return registration === undefined ? Effect.succeed(0) : this.tell(registration)
        },
        step: (count) => void (delivered += count)
      }),
      () => delivered
    )
  })

  /** One target; how many events it got. */
  private tell(registration: Registration<E | DispatchError>): Effect.Effect<number> {
    const { target } = registration
    if (this.registrations.get(target) !== registration) return Effect.succeed(0)
    if (target.dispatchState === "closed") return Effect.as(this.socketClosed(target), 0)
    const isConnecting = target.dispatchState === "connecting"
    const event = registration.take()
    if (event === undefined) return Effect.succeed(0)
    const [, , error] = event
    if (Option.isSome(error) && (isClosed(error.value) || !(target.filter[2] || isConnecting))) {
      const tell = isClosed(error.value) ? Effect.void : this.report(Option.some(target), Cause.fail(error.value))
      return Effect.as(Effect.ensuring(tell, this.socketClosed(target)), 0)
    }
    return Effect.as(this.dispatch(registration, event, isConnecting), 1)
  }

  private dispatch(
    registration: Registration<E | DispatchError>,
    event: DispatchEvent,
    isConnecting: boolean
  ): Effect.Effect<void> {
    const { target } = registration
    return Effect.matchCauseEffect(
      Effect.suspend(() => registration.dispatch(event)),
      {
        onSuccess: () => this.settle(registration, event, isConnecting),
        onFailure: (cause) => Effect.ensuring(this.report(Option.some(target), cause), this.socketClosed(target))
      }
    )
  }

  private settle(
    registration: Registration<E | DispatchError>,
    event: DispatchEvent,
    wasConnecting: boolean
  ): Effect.Effect<void> {
    const { target } = registration
    registration.told(event)
    if (Option.isSome(event[2]) || target.dispatchState === "closed") return this.socketClosed(target)
    if (wasConnecting && target.dispatchState === "connecting") target.dispatchState = "connected"
    return Effect.void
  }

  private guard(target: Option.Option<AnyTarget>, effect: Effect.Effect<unknown, E>): Effect.Effect<unknown> {
    return Effect.catchAllCause(effect, (cause) => this.report(target, cause))
  }

  private forget(target: AnyTarget): Registration<E | DispatchError> | undefined {
    const registration = this.registrations.get(target)
    this.registrations.delete(target)
    if (registration !== undefined) this.ready.wake()
    return registration
  }

  private readonly rest: Effect.Effect<void> = Effect.suspend(() => {
    const stops = [...this.registrations.values()].map(({ stop }) => stop)
    return Effect.ensuring(
      Effect.forEach(stops, (stop) => stop, { discard: true }),
      Effect.sync(() => {
        this.onError = logError
        this.isIterating = false
      })
    )
  })
}

const isClosed = (error: DispatchError): boolean => error._tag === "SocketClosed"

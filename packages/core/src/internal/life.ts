import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Address } from "../Address.js"
import type { Connection } from "../Connection.js"
import { type AcceptError, AlreadyConnected, DuctClosed } from "../DuctError.js"
import { Gate } from "../Gate.js"
import type { Listener } from "../Transport.js"
import { type Held, hold, release, shutDown } from "./held.js"
import { Listening } from "./listening.js"
import type { RawEnd } from "./rawEnd.js"

/** The connection of a parent or child: none, then one, then none again. */
export class Life {
  private connection: Held<Connection> | undefined
  private listening: Listening | undefined
  /** Counts closes: what was asked for before a close must not take effect after it. */
  private closes = 0
  /** Whether the scope was left, after which nobody would close what is opened. */
  private isOver = false
  private connecting: Fiber.RuntimeFiber<unknown, unknown> | undefined
  private readonly gate = new Gate()
  lastAddress: Address | undefined

  constructor(
    private readonly end: RawEnd,
    private readonly linger: Duration.DurationInput | undefined
  ) {}

  whenUnconnected<A, E, R>(operation: string, then: () => Effect.Effect<A, E, R>) {
    return Effect.suspend((): Effect.Effect<A, E | AlreadyConnected | DuctClosed, R> => {
      if (this.isOver) return Exit.fail(new DuctClosed({ operation }))
      return this.connection === undefined ? then() : Exit.fail(new AlreadyConnected({ operation }))
    })
  }

  /** {@link whenUnconnected}, one at a time. What it opens counts while `isCurrent`: no close came since it was called. */
  private opening<A, E, R>(operation: string, open: (isCurrent: () => boolean) => Effect.Effect<A, E, R>) {
    return Effect.suspend(() => {
      const { closes } = this
      const isCurrent = () => this.closes === closes
      const begin = (): Effect.Effect<A, E | DuctClosed, R> =>
        isCurrent() ? open(isCurrent) : Exit.fail(new DuctClosed({ operation }))
      return this.gate.run(this.whenUnconnected(operation, begin))
    })
  }

  private adopt(connection: Held<Connection>): void {
    this.connection = connection
    this.end.attach(connection.value)
  }

  connect<E>(
    acquire: Effect.Effect<Connection, E, Scope.Scope>
  ): Effect.Effect<void, E | AlreadyConnected | DuctClosed> {
    return this.opening("connect", (isCurrent) =>
      // In a fiber of its own, which a close can interrupt.
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(this, function* () {
          const connect = hold(acquire, (held) =>
            isCurrent() ? Exit.succeed(this.adopt(held)) : release(held, Exit.void)
          )
          const fiber = yield* Effect.forkDaemon(Effect.interruptible(connect))
          this.connecting = fiber
          if (!isCurrent()) yield* Fiber.interruptFork(fiber)
          const exit = yield* Effect.onInterrupt(restore(Fiber.await(fiber)), () => Fiber.interrupt(fiber))
          return yield* isCurrent() ? exit : new DuctClosed({ operation: "connect" })
        })
      )
    )
  }

  bind<E>(
    acquire: Effect.Effect<Listener, E, Scope.Scope>
  ): Effect.Effect<Listening, E | AlreadyConnected | DuctClosed> {
    return this.opening("bind", (isCurrent) => {
      if (this.listening !== undefined) return Exit.succeed(this.listening)
      return hold(acquire, (held): Effect.Effect<Listening, DuctClosed> => {
        if (!isCurrent()) {
          return Effect.zipRight(release(held, Exit.void), Exit.fail(new DuctClosed({ operation: "bind" })))
        }
        this.listening = new Listening(held)
        this.lastAddress = this.listening.address
        return Exit.succeed(this.listening)
      })
    })
  }

  /** Whether a connection came within the time-out. The first one ends the listener. */
  accept(
    listening: Listening,
    timeout: Duration.Duration
  ): Effect.Effect<boolean, AcceptError | AlreadyConnected | DuctClosed> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(this, function* () {
        yield* listening.accept
        yield* restore(listening.wait(timeout))
        if (this.listening !== listening) {
          return yield* this.connection === undefined
            ? new DuctClosed({ operation: "listen" })
            : new AlreadyConnected({ operation: "listen" })
        }
        const accepted = listening.take()
        if (accepted === undefined) return false
        if (Exit.isSuccess(accepted)) this.adopt(accepted.value)
        // In this step: in the next one there may be another, of a close and a bind.
        this.listening = undefined
        yield* listening.release(Exit.void)
        return yield* Effect.as(accepted, true)
      })
    )
  }

  private closeListener(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { listening } = this
      this.listening = undefined
      return listening === undefined ? Effect.void : listening.release(exit)
    })
  }

  /** The last close: of the scope. */
  leave(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.isOver = true
      return this.close(exit)
    })
  }

  close(exit: Exit.Exit<unknown, unknown>, shutdown = false): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const connection = this.connection
        this.closes++
        const stop = this.connecting === undefined ? Effect.void : Fiber.interruptFork(this.connecting)
        this.connection = undefined
        this.end.attach(undefined)
        const ended =
          connection !== undefined && shutdown ? shutDown(connection.value, this.linger) : Effect.succeed(true)
        return stop.pipe(
          Effect.zipRight(this.closeListener(exit)),
          Effect.zipRight(ended),
          Effect.flatMap((isEnded) => release(connection, isEnded ? exit : Exit.fail("the linger time is over")))
        )
      })
    )
  }
}

import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Address } from "../Address.js"
import type { Connection } from "../Connection.js"
import { type AcceptError, AlreadyConnected, DuctClosed } from "../DuctError.js"
import { Gate } from "../Gate.js"
import type * as RawDuct from "../RawDuct.js"
import type { Listener } from "../Transport.js"
import * as constants from "./constants.js"
import { RawEnd } from "./rawEnd.js"

/** Something that was acquired, and can be released on its own. */
export interface Held<A> {
  readonly value: A
  readonly scope: Scope.CloseableScope
}

/** The connection of a parent or child: none, then one, then none again. */
export class Life {
  readonly end: RawEnd
  private connection: Held<Connection> | undefined
  private listener: Held<Listener> | undefined
  /** Counts closes: what began before a close must not take effect after it. */
  private closes = 0
  private readonly onClose = new Set<() => void>()
  private readonly gate = new Gate()
  lastAddress: Address | undefined

  constructor(
    timeout: Duration.DurationInput | undefined,
    private readonly linger: Duration.DurationInput
  ) {
    this.end = new RawEnd(Duration.decode(timeout ?? constants.timeout))
  }

  whenUnconnected<A, E, R>(operation: string, then: () => Effect.Effect<A, E, R>) {
    return Effect.suspend((): Effect.Effect<A, E | AlreadyConnected, R> =>
      this.connection === undefined ? then() : Exit.fail(new AlreadyConnected({ operation }))
    )
  }

  /** Makes the connection the duct's, unless the duct was closed since `closes`, or has one by now. */
  private adopt(
    connection: Held<Connection>,
    operation: string,
    closes: number
  ): Effect.Effect<void, AlreadyConnected | DuctClosed> {
    return Effect.suspend(() => {
      if (this.closes !== closes || this.connection !== undefined) {
        const problem = this.closes === closes ? new AlreadyConnected({ operation }) : new DuctClosed({ operation })
        return Effect.zipRight(release(connection, Exit.void), Exit.fail(problem))
      }
      this.connection = connection
      this.end.attach(connection.value)
      return Effect.void
    })
  }

  connect<E>(
    acquire: Effect.Effect<Connection, E, Scope.Scope>
  ): Effect.Effect<void, E | AlreadyConnected | DuctClosed> {
    const attempt = Effect.suspend(() => {
      const closes = this.closes
      // Interruptible, or the loser could not be ended where the caller is not interruptible.
      const unlessClosed = Effect.raceFirst(Effect.interruptible(acquire), this.closed("connect"))
      return hold(unlessClosed, (held) => this.adopt(held, "connect", closes))
    })
    return this.gate.run(this.whenUnconnected("connect", () => attempt))
  }

  private closed(operation: string): Effect.Effect<never, DuctClosed> {
    return Effect.interruptible(
      Effect.async((resume) => {
        const wake = () => resume(Exit.fail(new DuctClosed({ operation })))
        this.onClose.add(wake)
        return Effect.sync(() => this.onClose.delete(wake))
      })
    )
  }

  bind<E>(
    acquire: Effect.Effect<Listener, E, Scope.Scope>
  ): Effect.Effect<Held<Listener>, E | AlreadyConnected | DuctClosed> {
    const attempt = Effect.suspend(() => {
      const closes = this.closes
      return hold(acquire, (held): Effect.Effect<Held<Listener>, DuctClosed> => {
        if (this.closes !== closes) {
          return Effect.zipRight(release(held, Exit.void), Exit.fail(new DuctClosed({ operation: "bind" })))
        }
        this.listener = held
        this.lastAddress = held.value.address
        return Exit.succeed(held)
      })
    })
    return this.gate.run(
      this.whenUnconnected("bind", () => (this.listener === undefined ? attempt : Exit.succeed(this.listener)))
    )
  }

  /** Whether a connection came within the time-out. The first one ends the listener. */
  accept(listener: Held<Listener>, timeout: Duration.Duration) {
    return Effect.suspend(() => {
      const closes = this.closes
      return Effect.uninterruptibleMask((restore) =>
        Effect.gen(this, function* () {
          const scope = yield* Scope.make()
          let accepted: Connection | undefined
          // A connection that comes in the very moment in which the time is up, or the caller is interrupted, counts
          // as accepted: nobody would tell the child that it was dropped.
          const accept = Effect.map(Scope.extend(listener.value.accept, scope), (connection) => {
            accepted = connection
          })
          const exit = yield* Effect.exit(restore(Effect.timeoutOption(Effect.interruptible(accept), timeout)))
          if (accepted !== undefined) {
            yield* this.adopt({ value: accepted, scope }, "listen", closes)
            yield* this.closeListener(Exit.void)
            return true
          }
          yield* Scope.close(scope, exit)
          return yield* Effect.as(this.explained(exit), false)
        })
      )
    })
  }

  /** A listener that failed is destroyed; one that another `listen` used up has left the duct connected. */
  private explained(exit: Exit.Exit<unknown, AcceptError>): Effect.Effect<unknown, AcceptError | AlreadyConnected> {
    return Effect.catchIf(
      Effect.tapErrorTag(exit, "CommunicationFault", () => this.closeListener(Exit.void)),
      () => this.connection !== undefined,
      () => Exit.fail(new AlreadyConnected({ operation: "listen" }))
    )
  }

  private closeListener(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const listener = this.listener
      this.listener = undefined
      return release(listener, exit)
    })
  }

  close(exit: Exit.Exit<unknown, unknown>, shutdown = false): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const connection = this.connection
        this.closes++
        for (const wake of this.onClose) wake()
        this.connection = undefined
        this.end.attach(undefined)
        const ended =
          connection !== undefined && shutdown ? shutDown(connection.value, this.linger) : Effect.succeed(true)
        return this.closeListener(exit).pipe(
          Effect.zipRight(ended),
          Effect.flatMap((isEnded) => release(connection, isEnded ? exit : Exit.fail("the linger time is over")))
        )
      })
    )
  }

  readonly poll: RawDuct.RawDuct["poll"] = (timeout) =>
    Effect.tapErrorTag(this.end.poll(timeout), "LocalSocketFault", () => this.close(Exit.void))
}

/**
 * Acquires into a scope of its own, so that it can be released on its own, and hands it over. Interrupted before that,
 * nothing stays; there is no point in between at which what was acquired could be lost.
 */
const hold = <A, E, B, E2>(
  acquire: Effect.Effect<A, E, Scope.Scope>,
  then: (held: Held<A>) => Effect.Effect<B, E2>
): Effect.Effect<B, E | E2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.make(), (scope) =>
      restore(Scope.extend(acquire, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        Effect.flatMap((value) => then({ value, scope }))
      )
    )
  )

const release = <A>(held: Held<A> | undefined, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  held === undefined ? Effect.void : Scope.close(held.scope, exit)

// Closing waits in real time: under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

/** Half-closes, in at most `linger`. Whether it came to that. */
export const shutDown = (connection: Connection, linger: Duration.DurationInput): Effect.Effect<boolean> =>
  Effect.interruptible(Effect.ignore(connection.endWrite)).pipe(
    Effect.timeoutOption(linger),
    Effect.withClock(liveClock),
    Effect.map(Option.isSome)
  )

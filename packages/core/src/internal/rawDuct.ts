import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { Address } from "../Address.js"
import type { Connection } from "../Connection.js"
import { AlreadyConnected, type ConnectError, DuctClosed, NotConnected } from "../DuctError.js"
import type * as RawDuct from "../RawDuct.js"
import { type Listener, type PairOptions, Transport } from "../Transport.js"
import * as constants from "./constants.js"
import { RawEnd } from "./rawEnd.js"

interface Held<A> {
  readonly value: A
  readonly scope: Scope.CloseableScope
}

/** Acquires into a scope of its own, so that it can be released on its own; interrupted, nothing stays. */
const hold = <A, E, R>(
  acquire: Effect.Effect<A, E, R | Scope.Scope>
): Effect.Effect<Held<A>, E, Exclude<R, Scope.Scope>> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.make(), (scope) =>
      restore(Scope.extend(acquire, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        Effect.map((value) => ({ value, scope }))
      )
    )
  )

const release = <A>(held: Held<A> | undefined, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  held === undefined ? Effect.void : Scope.close(held.scope, exit)

const operations = (end: RawEnd) => ({
  timeout: end.timeout,
  localAddress: end.localAddress,
  remoteAddress: end.remoteAddress,
  fileno: end.fileno,
  send: end.send,
  sendAll: end.sendAll,
  writev: end.writev,
  write: end.write,
  flush: end.flush,
  recv: end.recv,
  recvInto: end.recvInto,
  recvExact: end.recvExact,
  readv: end.readv,
  pull: end.pull,
  endWrite: end.endWrite,
  stream: end.stream,
  sink: end.sink
})

/** The connection of a parent or child: none, then one, then none again. */
class Life {
  readonly end: RawEnd
  private connection: Held<Connection> | undefined
  private listener: Held<Listener> | undefined
  /** Counts closes: what began before a close must not take effect after it. */
  private closes = 0
  private readonly onClose = new Set<() => void>()
  private readonly lock = Effect.unsafeMakeSemaphore(1).withPermits(1)
  lastAddress: Address | undefined

  constructor(timeout: Duration.DurationInput | undefined) {
    this.end = new RawEnd(Duration.decode(timeout ?? constants.timeout))
  }

  whenUnconnected<A, E, R>(operation: string, then: () => Effect.Effect<A, E, R>) {
    return Effect.suspend((): Effect.Effect<A, E | AlreadyConnected, R> =>
      this.connection === undefined ? then() : Exit.fail(new AlreadyConnected({ operation }))
    )
  }

  /** Makes the connection the duct's, unless the duct was closed since `closes`. */
  private adopt(connection: Held<Connection>, operation: string, closes: number): Effect.Effect<void, DuctClosed> {
    return Effect.suspend(() => {
      if (this.closes !== closes) {
        return Effect.zipRight(release(connection, Exit.void), Exit.fail(new DuctClosed({ operation })))
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
      const unlessClosed = Effect.raceFirst(acquire, this.untilClosed("connect"))
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(hold(unlessClosed)), (held) => this.adopt(held, "connect", closes))
      )
    })
    return this.lock(this.whenUnconnected("connect", () => attempt))
  }

  private untilClosed(operation: string): Effect.Effect<never, DuctClosed> {
    return Effect.async((resume) => {
      const wake = () => resume(Exit.fail(new DuctClosed({ operation })))
      this.onClose.add(wake)
      return Effect.sync(() => this.onClose.delete(wake))
    })
  }

  bind<E>(acquire: Effect.Effect<Listener, E, Scope.Scope>): Effect.Effect<Held<Listener>, E | AlreadyConnected> {
    return this.lock(
      this.whenUnconnected("bind", () =>
        this.listener !== undefined
          ? Effect.succeed(this.listener)
          : Effect.uninterruptible(
              Effect.map(hold(acquire), (held) => {
                this.listener = held
                this.lastAddress = held.value.address
                return held
              })
            )
      )
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
          // A connection that comes in the very moment in which the time is up counts as accepted.
          const accept = Effect.map(Scope.extend(listener.value.accept, scope), (connection) => {
            accepted = connection
          })
          yield* restore(Effect.timeoutOption(accept, timeout)).pipe(
            Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
            Effect.tapErrorTag("CommunicationFault", () => this.closeListener(Exit.void))
          )
          if (accepted === undefined) {
            yield* Scope.close(scope, Exit.void)
            return false
          }
          yield* this.adopt({ value: accepted, scope }, "listen", closes)
          yield* this.closeListener(Exit.void)
          return true
        })
      )
    })
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
        const end = connection !== undefined && shutdown ? Effect.ignore(connection.value.endWrite) : Effect.void
        return this.closeListener(exit).pipe(Effect.zipRight(end), Effect.zipRight(release(connection, exit)))
      })
    )
  }

  readonly poll: RawDuct.RawDuct["poll"] = (timeout) =>
    Effect.tapErrorTag(this.end.poll(timeout), "LocalSocketFault", () => this.close(Exit.void))
}

/** A duct's life in the current scope. */
const live = (timeout: Duration.DurationInput | undefined) =>
  Effect.acquireRelease(
    Effect.sync(() => new Life(timeout)),
    (life, exit) => life.close(exit)
  )

const common = (life: Life) => ({
  ...operations(life.end),
  poll: life.poll,
  close: (options: RawDuct.CloseOptions = {}) => life.close(Exit.void, options.shutdown)
})

export const parent = (options: RawDuct.ParentOptions = {}) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const life = yield* live(options.timeout)
    const bindAddress = Option.fromNullable(options.address)
    const bind = (backlog = 1) => life.bind(transport.listen(bindAddress, { ...options, backlog }))
    const duct: RawDuct.RawDuctParent = {
      ...common(life),
      bindAddress,
      listenerAddress: Effect.suspend(() =>
        life.lastAddress === undefined
          ? Exit.fail(new NotConnected({ operation: "listenerAddress" }))
          : Exit.succeed(life.lastAddress)
      ),
      bind: (listenQueueDepth) => Effect.asVoid(bind(listenQueueDepth)),
      listen: (timeout = constants.pollTimeout) =>
        life.whenUnconnected("listen", () =>
          Effect.flatMap(bind(), (listener) => life.accept(listener, Duration.decode(timeout)))
        )
    }
    return duct
  })

const isRetryable = (error: ConnectError): boolean =>
  error._tag === "ConnectFailed" &&
  (error.reason === "Refused" || error.reason === "NotFound" || error.reason === "BacklogFull")

const retrySchedule = (options: RawDuct.RetryOptions): Schedule.Schedule<unknown, ConnectError> =>
  options.schedule ??
  Schedule.intersect(
    Schedule.recurs(Math.max(0, options.retryCount ?? constants.retryCount)),
    Schedule.spaced(options.retryDelay ?? constants.retryDelay)
  )

export const child = (options: RawDuct.ChildOptions) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const life = yield* live(options.timeout)
    const { address, ...settings } = options
    const attempt = transport.connect(address, { timeout: life.end.timeout, ...settings })
    const duct: RawDuct.RawDuctChild = {
      ...common(life),
      connectAddress: address,
      connect: (retry = {}) =>
        life.connect(Effect.retry(attempt, { schedule: retrySchedule(retry), while: isRetryable }))
    }
    return duct
  })

interface TimeoutOption {
  readonly timeout?: Duration.DurationInput
}

export const fromConnection = (connection: Connection, options: TimeoutOption = {}): RawDuct.RawDuct => {
  const end = new RawEnd(Duration.decode(options.timeout ?? constants.timeout))
  end.attach(connection)
  return {
    ...operations(end),
    poll: (timeout) => Effect.tapErrorTag(end.poll(timeout), "LocalSocketFault", () => connection.close),
    close: ({ shutdown = false } = {}) =>
      shutdown ? Effect.zipRight(Effect.ignore(connection.endWrite), connection.close) : connection.close
  }
}

export const pair = (options: PairOptions & TimeoutOption = {}) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const [left, right] = yield* transport.pair(options)
    return [fromConnection(left, options), fromConnection(right, options)] as const
  })

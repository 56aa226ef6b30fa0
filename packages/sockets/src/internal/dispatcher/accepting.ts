import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Sock } from "../../Sock.js"
import type { SocketAddress } from "../../SocketAddress.js"
import { SocketClosed, type SocketError } from "../../SocketError.js"
import type { Dispatcher } from "./dispatcher.js"
import { isExhausted } from "./outcome.js"
import {
  type AnyTarget,
  defaultFilter,
  type DispatchError,
  type DispatchEvent,
  type DispatchState,
  type DispatchTarget,
  type Filter
} from "./target.js"
import { type ConnectionFactory, serverAccept } from "./tcp.js"

// Connections an event, at most, so that a crowd at the door does not hold up those who are in.
const acceptsPerEvent = 16

// How long a listener rests when the process has run out of descriptors: level-triggered, it would be told at once again.
const restTime = "100 millis"

/**
 * Closes a connection of an {@link AcceptingSocket}.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectionCloser = (connection: AnyTarget) => Effect.Effect<void>

/**
 * The target of a listening socket, for a dispatcher: each connection becomes what the factory makes of it, which the
 * dispatcher looks after until it is closed. `listenTcp` gives it its socket.
 *
 * A connection lives in a scope of its own, which the factory gets; it ends when the connection is closed by anybody, and
 * with the listener's scope. A factory that fails costs that connection only, and goes to the dispatcher's `onError`, as
 * does a lack of descriptors, after which the listener rests for 100 ms.
 *
 * @since 0.1.0
 * @category models
 */
export class AcceptingSocket<E = never, R = never> implements DispatchTarget<E | DispatchError, R> {
  sock: Sock | undefined
  dispatchState: DispatchState = "new"
  filter: Filter = defaultFilter
  settled: Effect.Effect<void, DispatchError> | undefined
  readonly socketClosed = undefined

  /** See {@link makeAcceptingSocket}. */
  constructor(
    private readonly dispatcher: Dispatcher<E>,
    private readonly connectionFactory: TargetFactory<E, R>,
    private readonly scope: Scope.Scope
  ) {
    this.closer = (connection) => dispatcher.socketClosed(connection)
  }

  private readonly closer: ConnectionCloser

  readonly dispatchEvent = ([readable, , error]: DispatchEvent): Effect.Effect<void, E | DispatchError, R> =>
    Option.isSome(error) ? Effect.fail(error.value) : readable ? this.acceptSome(acceptsPerEvent) : Effect.void

  private acceptSome(left: number): Effect.Effect<void, E | DispatchError, R> {
    return left === 0
      ? Effect.void
      : Effect.flatMap(this.acceptOne, (isThereMore) => (isThereMore ? this.acceptSome(left - 1) : Effect.void))
  }

  private readonly acceptOne: Effect.Effect<boolean, E | DispatchError, R> = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.fork(this.scope, ExecutionStrategy.sequential), (scope) => {
      const close = Scope.close(scope, Exit.void)
      const make = (sock: Sock) => Effect.exit(restore(this.connectionFactory(sock, this, this.closer)))
      return Effect.matchEffect(Scope.extend(serverAccept(this, make, this.closer), scope), {
        onFailure: (error) => Effect.zipRight(close, this.rest(error)),
        onSuccess: Option.match({
          onNone: () => Effect.as(close, false),
          onSome: (made) => Effect.as(this.keep(made, close), true)
        })
      })
    })
  )

  private keep(
    made: Exit.Exit<DispatchTarget<E | DispatchError, R>, E | DispatchError>,
    close: Effect.Effect<void>
  ): Effect.Effect<void, never, R> {
    if (Exit.isSuccess(made)) return Effect.asVoid(this.dispatcher.register(made.value, close))
    const report = this.dispatcher.report(Option.some(this), made.cause)
    return Effect.zipRight(close, Cause.isInterruptedOnly(made.cause) ? Effect.void : report)
  }

  private rest(error: SocketError): Effect.Effect<boolean, SocketError> {
    if (!isExhausted(error)) return Effect.fail(error)
    const { filter } = this
    this.filter = [false, filter[1], filter[2]]
    const goOn = Effect.suspend(() => {
      this.filter = filter
      return this.dispatcher.wake
    })
    return this.dispatcher
      .report(Option.some(this), Cause.fail(error))
      .pipe(Effect.zipRight(Effect.forkIn(Effect.delay(goOn, restTime), this.scope)), Effect.as(false))
  }
}

type TargetFactory<E, R> = ConnectionFactory<
  AcceptingSocket<E, R>,
  ConnectionCloser,
  DispatchTarget<E | DispatchError, R>,
  E | DispatchError,
  R | Scope.Scope
>

/**
 * An {@link AcceptingSocket} whose connections the dispatcher gets. They are closed with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeAcceptingSocket = <E = never, R = never>(
  dispatcher: Dispatcher<E>,
  connectionFactory: TargetFactory<E, R>
): Effect.Effect<AcceptingSocket<E, R>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => new AcceptingSocket(dispatcher, connectionFactory, scope))

/**
 * A connection that was accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accepted {
  readonly sock: Sock
  readonly address: SocketAddress
  /** Closes the socket and everything of it. Idempotent. */
  readonly close: Effect.Effect<void>
}

/**
 * The connections of a listening target, as a stream, without a dispatcher: it accepts when the next one is asked for,
 * and ends when the listener is closed. Each connection is the caller's to close, and is closed with the caller's scope.
 *
 * @since 0.1.0
 * @category streams
 */
export const connections = (server: Pick<AnyTarget, "sock">): Stream.Stream<Accepted, SocketError, Scope.Scope> =>
  Stream.repeatEffectOption(
    Effect.suspend(() => {
      const { sock } = server
      if (sock === undefined) return Effect.fail(Option.some(new SocketClosed({ operation: "connections" })))
      return Effect.mapError(acceptInOwnScope(sock), (error) =>
        error._tag === "SocketClosed" ? Option.none() : Option.some(error)
      )
    })
  )

const acceptInOwnScope = (sock: Sock): Effect.Effect<Accepted, SocketError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
      const close = Scope.close(scope, Exit.void)
      const [accepted, address] = yield* Effect.onError(restore(Scope.extend(sock.accept, scope)), () => close)
      return { sock: accepted, address, close }
    })
  )

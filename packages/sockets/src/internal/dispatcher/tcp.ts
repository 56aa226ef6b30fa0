import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import { constants } from "node:os"
import { type Sock, Sockets } from "../../Sock.js"
import { type AddressInput, InetAddress } from "../../SocketAddress.js"
import { AF, SO, SOL } from "../../SocketConstants.js"
import { type AddressError, type ArgumentError, SocketClosed, type SocketError } from "../../SocketError.js"
import { fault } from "../errno.js"
import type { AnyTarget, DispatchError } from "./target.js"

/**
 * Begins to connect a socket of the target's: its domain's kind, in the caller's scope. The target is `"connecting"`
 * once that is so, and gets the event of the connection from its dispatcher; before that, nothing else.
 *
 * The result is `[0, sock]` when the connection stands already: then no dispatcher tells it, and the caller does
 * (`target.dispatchEvent(immediateConnect)`, or `dispatcher.connected(target)`). Else `[EINPROGRESS, sock]`, always so
 * on portable sockets. What fails at once fails here, and leaves the target as it was; what fails later is an event.
 * Leaving the scope gives up. A name is resolved as part of connecting.
 *
 * @since 0.1.0
 * @category tcp
 */
export const connectTcp = (
  target: AnyTarget,
  address: readonly [ip: string, port: number] | InetAddress
): Effect.Effect<readonly [code: number, sock: Sock], DispatchError, Sockets | Scope.Scope> => {
  const { ip } = fromInet(address)
  return Effect.flatMap(tcpSock(ip), (sock) => connectSock(target, sock, address))
}

/**
 * As {@link connectTcp}, with a socket that is there: of any family, bound, with options.
 *
 * @since 0.1.0
 * @category tcp
 */
export const connectSock = (
  target: AnyTarget,
  sock: Sock,
  address: AddressInput
): Effect.Effect<readonly [code: number, sock: Sock], DispatchError, Scope.Scope> =>
  Effect.flatMap(Effect.runtime<Scope.Scope>(), (runtime) => {
    // It runs within the call until it first waits: as far as a non-blocking connect(2) gets.
    const scope = Context.get(runtime.context, Scope.Scope)
    const fiber = Runtime.runFork(runtime)(Effect.interruptible(sock.connect(address)), { scope })
    const exit = fiber.unsafePoll()
    if (exit !== null && Exit.isFailure(exit)) return Effect.zipRight(sock.close, Exit.failCause(exit.cause))
    target.sock = sock
    target.dispatchState = "connecting"
    target.settled = exit === null ? Effect.flatten(Fiber.await(fiber)) : undefined
    return Effect.succeed([exit === null ? inProgress : 0, sock] as const)
  })

/**
 * What {@link connectTcp} says of a connection that is on its way: this system's EINPROGRESS.
 *
 * @since 0.1.0
 * @category constants
 */
export const inProgress: number = constants.errno.EINPROGRESS

/**
 * Gives the target a listening socket in the caller's scope: created, its address reusable where that can be set, bound
 * and listening. `ip` `""` is any address of IPv4; port 0 a free one (`sock.getsockname`). The target is `"listening"`.
 *
 * @param backlog connections that the system queues; default 128
 * @since 0.1.0
 * @category tcp
 */
export const listenTcp = (
  target: AnyTarget,
  ip: string,
  port: number,
  backlog: number = 128
): Effect.Effect<Sock, AddressError, Sockets | Scope.Scope> =>
  Effect.flatMap(tcpSock(ip), (sock) =>
    Effect.catchTag(sock.setReuseAddr, "Unsupported", () => Effect.void).pipe(
      Effect.zipRight(sock.bind([ip, port])),
      Effect.zipRight(sock.listen(backlog)),
      Effect.onError(() => sock.close),
      Effect.map(() => {
        target.sock = sock
        target.dispatchState = "listening"
        return sock
      })
    )
  )

/**
 * Makes what stands for an accepted connection.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectionFactory<Server, Closer, A, E = never, R = never> = (
  sock: Sock,
  serverState: Server,
  connectionCloser: Closer
) => Effect.Effect<A, E, R>

/**
 * Accepts a connection, into the caller's scope, and gives what the factory makes of it; none where there is nothing to
 * accept, or not any more. It never waits. When the factory fails, the connection is closed. The closer is passed on.
 *
 * @since 0.1.0
 * @category tcp
 */
export const serverAccept = <Server extends Pick<AnyTarget, "sock">, Closer, A, E, R>(
  serverState: Server,
  connectionFactory: ConnectionFactory<Server, Closer, A, E, R>,
  connectionCloser: Closer
): Effect.Effect<Option.Option<A>, E | SocketError, R | Scope.Scope> =>
  Effect.suspend(() => {
    const { sock } = serverState
    if (sock === undefined) return Effect.fail(new SocketClosed({ operation: "serverAccept" }))
    return Effect.flatMap(
      sock.acceptNow,
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: ([accepted]) =>
          Effect.asSome(
            Effect.onError(connectionFactory(accepted, serverState, connectionCloser), () => accepted.close)
          )
      })
    )
  })

/**
 * The error that is pending on the socket (`SO_ERROR`), in words; none where there is none. Reading clears it. Portable
 * sockets fail with `Unsupported`.
 *
 * @since 0.1.0
 * @category tcp
 */
export const getSockErr = (sock: Sock): Effect.Effect<Option.Option<string>, ArgumentError> =>
  Effect.map(sock.getsockopt(SOL.SOCKET, SO.ERROR), (errno) => {
    if (errno === 0) return Option.none()
    const { code, problem } = fault("getSockErr", -errno)
    return Option.some(`${problem} (${code})`)
  })

const tcpSock = (ip: string): Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> =>
  Effect.flatMap(Sockets, ({ sock }) => sock({ domain: ip.includes(":") ? AF.INET6 : AF.INET }))

const fromInet = (address: readonly [ip: string, port: number] | InetAddress): InetAddress =>
  "_tag" in address ? address : InetAddress(address[0], address[1])

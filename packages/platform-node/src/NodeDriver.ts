/**
 * Sockets of `node:net` without waiting: what {@link NodeTransport} is made of, for who makes something else of it.
 *
 * @since 0.1.0
 */
import type { TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import type { AcceptError, ConnectError, ListenError } from "@ductworks/core/DuctError"
import type * as Transport from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as net from "node:net"
import { checkConnect, checkNodeName } from "./internal/addresses.js"
import { connectSocket, targetOf } from "./internal/connectSocket.js"
import { descriptorOf } from "./internal/endpoint.js"
import { open } from "./internal/listen.js"
import { driverOf, SocketDriver } from "./internal/socketDriver.js"

/**
 * A stream socket as the `Driver` of a `Connection`. An error of a send does not hide what arrived. Whoever made it
 * closes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeDriver extends Connection.Driver {
  /** For its options and addresses. Reading, writing and closing are the driver's. */
  readonly socket: net.Socket
  /** The descriptor, where there is one. */
  readonly fileno: number | undefined
}

/**
 * A listening socket whose connections are asked for one by one. It holds up to 64 that nobody took, unread; more are
 * closed at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeListener {
  /** Where it listens: the port the system chose, the path that was asked for. */
  readonly address: UnixAddress | TcpAddress
  readonly server: net.Server
  /** The descriptor, where there is one. */
  readonly fileno: number | undefined
  /** A connection, paused, that the caller then owns ({@link fromSocket}); or why there will be no more. */
  readonly take: () => net.Socket | AcceptError | undefined
  /** Calls `wake` once when there is something new: `take` first. Gives what stops that. */
  readonly onArrival: (wake: () => void) => () => void
}

/**
 * The settings of {@link listen}.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListenOptions extends Pick<Transport.ListenOptions, "backlog" | "mode" | "replaceStale"> {
  /** `IPV6_V6ONLY`: at an IPv6 address no connections over IPv4. Default false. */
  readonly ipv6Only?: boolean
}

/**
 * The settings of {@link connect}.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions {
  /** The address and port to connect from, over TCP; port 0 lets the system choose. */
  readonly from?: TcpAddress | undefined
}

/**
 * A socket that is not connected yet.
 *
 * @param readAhead bytes read before they are asked for; default 128 KiB
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (readAhead?: number): NodeDriver =>
  new SocketDriver(undefined, Connection.sizeOr(readAhead, Connection.defaultReadAhead))

/**
 * The driver of a connected socket that nothing was read from yet, such as one that a {@link NodeListener} gave or that
 * a server made with `pauseOnConnect` and `allowHalfOpen`. The socket object itself is used up.
 *
 * @param readAhead bytes read before they are asked for; default 128 KiB
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSocket = (socket: net.Socket, readAhead?: number): NodeDriver =>
  driverOf(socket, Connection.sizeOr(readAhead, Connection.defaultReadAhead))

/**
 * One attempt to connect, without a time-out. When it failed or was interrupted, the driver is of no more use and still
 * to be closed. `InvalidAddress` and `Unsupported` come before any system call.
 *
 * @since 0.1.0
 * @category connecting
 */
export const connect = (
  driver: NodeDriver,
  address: UnixAddress | TcpAddress,
  options: ConnectOptions = {}
): Effect.Effect<void, ConnectError> =>
  Effect.zipRight(
    Effect.zipRight(checkConnect(address), checkNodeName("connect", address)),
    connectSocket(driver.socket, address, { ...targetOf(address), ...boundTo(options.from) })
  )

const boundTo = (from: TcpAddress | undefined) =>
  from === undefined ? {} : { localAddress: from.hostname, localPort: from.port }

/**
 * Listens until the scope is left, which closes at once and removes a socket file as `UnixListener` says.
 *
 * @example
 * import { Address } from "@ductworks/core"
 * import { NodeDriver } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 * import { Socket } from "node:net"
 *
 * const owned = (make: () => NodeDriver.NodeDriver) =>
 *   Effect.acquireRelease(Effect.sync(make), (driver) => driver.close("now"))
 *
 * const program = Effect.gen(function* () {
 *   const listener = yield* NodeDriver.listen(Address.TcpAddress("127.0.0.1", 0))
 *   const client = yield* owned(NodeDriver.make)
 *   yield* NodeDriver.connect(client, listener.address)
 *   const socket = yield* Effect.async<Socket>((resume) => {
 *     const look = () => {
 *       const taken = listener.take()
 *       if (taken instanceof Socket) resume(Effect.succeed(taken))
 *       else listener.onArrival(look)
 *     }
 *     look()
 *   })
 *   const server = yield* owned(() => NodeDriver.fromSocket(socket))
 *   console.assert(server.socket.remotePort === client.socket.localPort)
 * })
 *
 * Effect.runPromise(Effect.scoped(program))
 *
 * @since 0.1.0
 * @category connecting
 */
export const listen = (
  address: UnixAddress | TcpAddress,
  options: ListenOptions = {}
): Effect.Effect<NodeListener, ListenError, Scope.Scope> =>
  Effect.map(open(Option.some(address), options), ({ acceptor, address }) => ({
    address,
    server: acceptor.server,
    fileno: descriptorOf(acceptor.server),
    take: () => acceptor.take(),
    onArrival: (wake) => acceptor.onArrival(wake)
  }))

/**
 * The sockets of Node (`node:net`, `node:dgram`) behind the calls of BSD sockets: for where there is no native addon.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type * as Metric from "effect/Metric"
import { dropped } from "./internal/portable/datagramQueue.js"
import { portablePorts } from "./internal/portable/ports.js"
import { makeSockets } from "./internal/sock/sockets.js"
import { Sockets } from "./Sock.js"

/**
 * How portable sockets share their thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface PortableSocketsOptions {
  /**
   * Operations that a socket may do one after another without waiting; then timers, other sockets and their fibers have
   * a turn of the event loop. Each datagram of `sendmmsg` and `recvmmsg` is one, and so are each 208 KiB that a call moved.
   * Default 64; 1 at least, `Infinity` for never.
   */
  readonly maxImmediate?: number
}

/**
 * {@link layer} with other settings.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = ({ maxImmediate = 64 }: PortableSocketsOptions = {}): Layer.Layer<Sockets> =>
  Layer.sync(Sockets, () =>
    makeSockets(portablePorts, { maxImmediate: maxImmediate >= 1 ? maxImmediate : 1, isSpinning: false })
  )

/**
 * {@link Sockets} over Node's own: TCP, UDP and Unix streams. A program that runs on these runs on the native ones, too.
 * What Node cannot do fails with `Unsupported`, which says what to do instead:
 *
 * - sockets of other kinds (Unix datagrams, `SOCK.SEQPACKET`, raw), adopted descriptors, `socketpair`, `dup`, `sendFds`,
 *   `recvFds`, `peerCredentials`, `tcpInfo`, `sendSegments`, `recvSegments`, flags besides `MSG.PEEK`, `MSG.DONTWAIT`,
 *   `MSG.WAITALL`, `MSG.NOSIGNAL` and, of datagrams, `MSG.TRUNC`;
 * - options besides these. Both: `SO.TYPE`, `SO.REUSEADDR` (always on for streams), `IPV6.V6ONLY` (before binding). TCP:
 *   `SO.KEEPALIVE`, `SO.LINGER`, `TCP.NODELAY`, `TCP.KEEPIDLE`. UDP: `SO.BROADCAST`, `SO.SNDBUF` and `SO.RCVBUF` (read once
 *   bound), `IP.TTL`, `IP.MULTICAST_TTL`, `IP.MULTICAST_LOOP` and their IPv6 names.
 *
 * Where they differ from the system's:
 *
 * - Node binds a stream socket when it listens or connects, a datagram socket at `bind`. So `bind` of a stream socket
 *   only notes the address: a port in use is an error of `listen` or `connect`, after which `bind` takes another, and
 *   `getsockname` knows a port that the system chooses only after that. Options and groups set before are noted, too.
 * - A Unix listener's file is made as `UnixListener` of `@ductworks/platform-node` does it: with the permissions 0600, and
 *   gone when the socket is closed. A client's socket cannot be bound to a path, and none to `""`, a name of the system's
 *   choice.
 * - A listener accepts by itself and holds up to 64 connections, whatever the backlog; more are closed at once. Of one
 *   that another process shut down Node tells nobody, and its event loop goes round and round: who accepts still waits.
 * - `send` hands up to 128 KiB to Node, which sends on after `close`, too, for up to 10 seconds (or `SO.LINGER`). At most
 *   128 KiB and one read are read before they are asked for: `waitForRead` tells those, `waitForWrite` the room.
 * - `node:dgram` reads as soon as it is bound. Datagrams wait for a receive up to 1 MiB, each counted with 256 bytes
 *   more; what comes beyond is dropped, as the kernel drops, and counted by {@link datagramsDropped}.
 * - `fd` is there once a stream socket is connected or listens; of datagram sockets it is -1. `makefile` is over the
 *   socket itself. Sending on a connected UDP socket to another address is `EISCONN`, as on the BSDs.
 *
 * @example
 * import { NativeSockets, PortableSockets } from "@ductworks/sockets"
 * import { Sockets } from "@ductworks/sockets/Sock"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const { sock } = yield* Sockets
 *   const listener = yield* sock()
 *   yield* listener.bind(["127.0.0.1", 0])
 *   yield* listener.listen()
 *   const client = yield* sock()
 *   yield* client.connect(yield* listener.getsockname)
 *   const [connection] = yield* listener.accept
 *   yield* client.send(new TextEncoder().encode("hello"))
 *   const bytes = yield* connection.recvExact(5)
 *   console.assert(new TextDecoder().decode(bytes) === "hello")
 * })
 *
 * const sockets = NativeSockets.layer.pipe(Layer.catchAll(() => PortableSockets.layer))
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(sockets)))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Sockets> = layerWith()

/**
 * Datagrams that portable sockets dropped because nobody received those before them, in all.
 *
 * @since 0.1.0
 * @category metrics
 */
export const datagramsDropped: Metric.Metric.Counter<number> = dropped

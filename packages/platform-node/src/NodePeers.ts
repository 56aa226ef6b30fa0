/**
 * Peers on Node: UDP, and connections over any core `Transport` (Unix sockets, TCP, memory), as `PeerTransport`s. For
 * browsers see `NodeWebSocketPeers`, for HTTP `NodeHttpPeers`. Needs `@ductworks/peers`.
 *
 * @since 0.1.0
 */
import { type Address, TcpAddress } from "@ductworks/core/Address"
import { type SocketOptions, Transport } from "@ductworks/core/Transport"
import type { Framing } from "@ductworks/message/Framing"
import type { BindError } from "@ductworks/peers/PeerError"
import type { InboxOptions } from "@ductworks/peers/PeerInbox"
import { PeerTransport, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { StreamPeers } from "./internal/peers/streams.js"
import { bindUdp } from "./internal/peers/udp.js"

/**
 * The settings of a UDP socket. Its inbox holds up to 1024 datagrams and 1 MiB by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface UdpOptions extends InboxOptions {
  /** The address to bind, IPv4 or IPv6, which decides the family: `0.0.0.0` or `::` for all. Default `127.0.0.1`. */
  readonly host?: string
  /** Default 0: any free one. */
  readonly port?: number
  /** Bytes of the largest datagram, in both directions; larger ones are dropped and counted. Default 8192. */
  readonly maxPacketBytes?: number
  /**
   * `SO_REUSEADDR`. On Linux sockets that have it share a port, and one takes the other's datagrams. A UDP port is free
   * again at once without it. Default: true with multicast groups, which want to share; false otherwise.
   */
  readonly reuseAddress?: boolean
  /** An IPv6 socket that takes no IPv4. Default false. */
  readonly ipv6Only?: boolean
  /** Whether packets may go to a broadcast address such as `udp://255.255.255.255:4000`. Default false. */
  readonly broadcast?: boolean
  readonly multicast?: MulticastOptions
  /** `SO_RCVBUF`, in bytes, from 1 to 2^31-1. Default: the system's. */
  readonly receiveBufferBytes?: number
  /** `SO_SNDBUF`, in bytes, from 1 to 2^31-1. Default: the system's. */
  readonly sendBufferBytes?: number
  /** `offer` says no while this many bytes wait for the system. Default 256 KiB. */
  readonly highWaterMark?: number
}

/**
 * The settings of multicast. To send to a group, connect to `udp://<group>:<port>`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MulticastOptions {
  /** Groups to join, of the socket's family. Default: none. */
  readonly groups?: ReadonlyArray<string>
  /** The interface, by its address (IPv4) or as `::%eth0` (IPv6). Default: the system's choice. */
  readonly interface?: string
  /** How many routers a packet may pass, 0 to 255. Default: the system's, which is 1. */
  readonly ttl?: number
  /** Whether this machine hears itself. Default: the system's, which is true. */
  readonly loopback?: boolean
}

/**
 * The settings of connections. Each has bounded buffers; `linger` is 1 second by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamPeersOptions extends InboxOptions, SocketOptions {
  /**
   * How packets are cut from the stream: `Framing.lengthPrefix32` (the default), `Framing.lines` for newline-terminated
   * text, or any other.
   */
  readonly framing?: Framing
  /** Bytes of the largest packet, in both directions; who announces a larger one is closed. Default 16 MiB. */
  readonly maxPacketBytes?: number
  /** Bytes that packets which are not whole may hold, of all connections together. Default 64 MiB. */
  readonly maxReassemblyBytes?: number
  /** Peers that joined and were not received; then no more are accepted. Default 64. */
  readonly backlog?: number
}

/**
 * The settings of a server.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions extends StreamPeersOptions {
  /** Where to listen, a Unix or TCP address for example. Default `tcp://127.0.0.1:0`: any free port, this machine only. */
  readonly address?: Address
  /** Permission bits of a Unix socket file. Default 0o600. */
  readonly mode?: number
  /** As in `ListenOptions`: replace a socket file that no process listens on any more. Default false: `AddressInUse`. */
  readonly replaceStale?: boolean
}

/**
 * A UDP socket, which the scope closes. Its peers are the sources of datagrams (`udp://127.0.0.1:1337`); it keeps no
 * table of them. An address in use fails with `BindFailed` (`AddressInUse`), a host or a number that is none with
 * `InvalidArgument`. Node reads datagrams as soon as the socket is bound: those for which the inbox has no room are dropped,
 * and counted in `stats().droppedDatagrams` (what the kernel drops nobody counts). `connect` resolves names; bound to an IPv4
 * address, an IPv6 endpoint is an `InvalidAddress`. The first `send` to a peer, and the one after an error, completes when the
 * system has the datagram, and tells its error (`ConnectFailed`: `PermissionDenied` for a broadcast that was not asked for;
 * the socket goes on); the others do not wait, and theirs is told by the next. Interrupting one does not call a datagram
 * back. An error of the socket itself ends `receive` with `LocalSocketFault`.
 *
 * @example
 * import * as NodePeers from "@ductworks/platform-node/NodePeers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const server = yield* NodePeers.makeUdp()
 *   const client = yield* NodePeers.makeUdp()
 *   const peer = yield* client.connect(server.endpoints[0] ?? "")
 *   yield* client.send(peer, new TextEncoder().encode("hello"))
 *   const [event] = yield* server.receive
 *   console.assert(event._tag === "Packet" && event.peer.id === client.endpoints[0])
 * })
 *
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeUdp = (options: UdpOptions = {}): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  bindUdp(options)

/**
 * {@link makeUdp} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerUdp = (options: UdpOptions = {}): Layer.Layer<PeerTransport, BindError> =>
  Layer.scoped(PeerTransport, makeUdp(options))

/**
 * A server over the `Transport` in the context: every connection is a peer. It can `connect` too. The scope closes the
 * listener and all connections; after a success what was taken leaves first, for at most `linger`.
 *
 * Nothing is read before the first `receive`. A connection that announces too large a packet, breaks the framing, or
 * for whose unfinished packet `maxReassemblyBytes` has nothing left is closed; its `Left` says why, and `stats()` counts
 * it. While `backlog` peers wait to be received no more are accepted. A listener that fails ends `receive` with
 * `LocalSocketFault`.
 *
 * @example
 * import { NodeTransport } from "@ductworks/platform-node"
 * import * as NodePeers from "@ductworks/platform-node/NodePeers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const server = yield* NodePeers.makeServer()
 *   const client = yield* NodePeers.makeClient()
 *   const peer = yield* client.connect(server.endpoints[0] ?? "")
 *   yield* client.send(peer, new TextEncoder().encode("hello"))
 *   const [event] = yield* server.receive
 *   console.assert(event._tag === "Joined" && !event.isOurs)
 * })
 *
 * await program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer), Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeServer = (
  options: ServerOptions = {}
): Effect.Effect<PeerTransportService, BindError, Scope.Scope | Transport> =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const address = Option.some(options.address ?? TcpAddress("127.0.0.1", 0))
    const listener = yield* transport.listen(address, { backlog: 511, linger: "1 second", ...options })
    const peers = yield* Effect.acquireRelease(
      Effect.sync(() => new StreamPeers(transport, listener, options)),
      (peers, exit) => peers.shut(exit)
    )
    yield* Effect.forkScoped(peers.accept)
    return peers
  })

/**
 * {@link makeServer} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (options: ServerOptions = {}): Layer.Layer<PeerTransport, BindError, Transport> =>
  Layer.scoped(PeerTransport, makeServer(options))

/**
 * As {@link makeServer}, without a listener: peers are who `connect` reaches (`tcp://127.0.0.1:4000`,
 * `unix:/run/app.sock`). Cannot fail.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeClient = (
  options: StreamPeersOptions = {}
): Effect.Effect<PeerTransportService, never, Scope.Scope | Transport> =>
  Effect.flatMap(Transport, (transport) =>
    Effect.acquireRelease(
      Effect.sync(() => new StreamPeers(transport, undefined, options)),
      (peers, exit) => peers.shut(exit)
    )
  )

/**
 * {@link makeClient} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (options: StreamPeersOptions = {}): Layer.Layer<PeerTransport, never, Transport> =>
  Layer.scoped(PeerTransport, makeClient(options))

/**
 * WebSockets as peers, browsers among them, on the package `ws`. Needs `ws` and `@ductworks/peers`.
 *
 * @since 0.1.0
 */
import type { BindError } from "@ductworks/peers/PeerError"
import type { InboxOptions } from "@ductworks/peers/PeerInbox"
import { PeerTransport, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as http from "node:http"
import { serveWebSockets } from "./internal/peers/webSocketServer.js"
import { WebSocketPeers } from "./internal/peers/webSockets.js"

/**
 * The settings of WebSockets.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebSocketPeersOptions extends InboxOptions {
  /** Bytes of the largest packet, in both directions; who sends a larger one is closed (1009). Default 1 MiB. */
  readonly maxPacketBytes?: number
  /**
   * Bytes that packets which are not whole may hold, of all WebSockets together, counted as they are read: who brings
   * more is closed. Default 64 MiB.
   */
  readonly maxReassemblyBytes?: number
  /** What packets are sent as: a browser gets text as a string. Both kinds are received. Default `"binary"`. */
  readonly frames?: "binary" | "text"
  /** `offer` says no while this many bytes wait for the peer. Default 128 KiB. */
  readonly highWaterMark?: number
  /**
   * Time that closing may take before it is broken off, at most 24.8 days (with a `ws` older than 8.19: 30 seconds). Default
   * 1 second.
   */
  readonly linger?: Duration.DurationInput
  /** Time for `connect`; then `ConnectFailed` (`TimedOut`). `Duration.infinity`: any. Default 30 seconds. */
  readonly timeout?: Duration.DurationInput
  /** Peers that joined and were not received; more are refused with 503. Default 64. */
  readonly backlog?: number
}

/**
 * The settings of a WebSocket server.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebSocketServerOptions extends WebSocketPeersOptions {
  /** Default `127.0.0.1`. Ignored with `server`. */
  readonly host?: string
  /** Default 0: any free one. Ignored with `server`. */
  readonly port?: number
  /** The only path, such as `/chat`. Default: every path. */
  readonly path?: string
  /** A server that listens already, and that stays its owner's: it may serve pages beside. Default: one of our own. */
  readonly server?: http.Server
  /**
   * Pages that may connect: of the same host, any, or these origins (`https://example.org`). Programs that are no browser
   * send no origin, and may always. Default `"same"`.
   */
  readonly origins?: "same" | "any" | ReadonlyArray<string>
}

/**
 * A WebSocket server: every socket is a peer (`ws://127.0.0.1:5000#1`), one frame is one packet, and a close is its
 * `Left`. It can `connect` too. Nothing is read before the first `receive`, and of a peer for whom there is no room
 * nothing more. Unfinished packets share `maxReassemblyBytes`. Compression is off. An address in use fails
 * with `BindFailed`, a host, a port or a path that is none with `InvalidArgument`. The scope says goodbye to all peers, which
 * takes at most `linger`; after a failure it breaks off.
 *
 * @example
 * import * as NodeWebSocketPeers from "@ductworks/platform-node/NodeWebSocketPeers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const server = yield* NodeWebSocketPeers.makeServer()
 *   const client = yield* NodeWebSocketPeers.makeClient()
 *   const peer = yield* client.connect(server.endpoints[0] ?? "")
 *   yield* client.send(peer, new TextEncoder().encode("hello"))
 *   const [event] = yield* server.receive
 *   console.assert(event._tag === "Joined")
 * })
 *
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeServer = (
  options: WebSocketServerOptions = {}
): Effect.Effect<PeerTransportService, BindError, Scope.Scope> => serveWebSockets(options)

/**
 * {@link makeServer} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (options: WebSocketServerOptions = {}): Layer.Layer<PeerTransport, BindError> =>
  Layer.scoped(PeerTransport, makeServer(options))

/**
 * WebSockets that `connect` opens (`ws://127.0.0.1:5000/chat`, `wss://…`). Cannot fail.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeClient = (
  options: WebSocketPeersOptions = {}
): Effect.Effect<PeerTransportService, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new WebSocketPeers([], options)),
    (peers, exit) => peers.shut(exit)
  )

/**
 * {@link makeClient} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (options: WebSocketPeersOptions = {}): Layer.Layer<PeerTransport> =>
  Layer.scoped(PeerTransport, makeClient(options))

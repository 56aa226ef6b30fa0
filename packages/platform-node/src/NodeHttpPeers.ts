/**
 * HTTP requests as peers, on the `HttpServer` of `@effect/platform`. Needs `@ductworks/peers`.
 *
 * @since 0.1.0
 */
import type { InboxOptions } from "@ductworks/peers/PeerInbox"
import { PeerTransport, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as HttpServer from "@effect/platform/HttpServer"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { HttpPeers } from "./internal/peers/http.js"

/**
 * The settings of HTTP peers.
 *
 * @since 0.1.0
 * @category models
 */
export interface HttpPeersOptions extends InboxOptions {
  /** Bytes of the largest body, in both directions; a larger request gets 413, or is broken off where its
   * length was not said. Default 1 MiB. */
  readonly maxPacketBytes?: number
  /** Time for an answer, then 504. Default 30 seconds. */
  readonly timeout?: Duration.DurationInput
  /** Requests that are being read or wait for their answer; more get 503. Default 1000. */
  readonly maxRequests?: number
  /** Requests that were not received; more get 503. Default 64. */
  readonly backlog?: number
}

/**
 * Serves every request of the `HttpServer` in the context: it joins as a peer, sends one packet, and leaves with its
 * answer. In the JSON format of a `PeerSocket` the packet is `[method, { path, headers, body }, id]`, so that a type
 * `GET` with a `reply` is the handler of GET. The body is text. `connect` is `Unsupported`. Leaving the scope answers 503
 * to who still waits.
 *
 * The reply is a record of one or more of `status` (a whole number from 200 to 599), `headers` (texts) and `body`, and of
 * nothing else; any other value is the body itself, with status 200. A body that is text is sent as `text/plain`, any
 * other as JSON: data that looks like a reply is put into a `body`. No handler is 404, a handler that fails 500, too many
 * requests 503.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeServer = (
  options: HttpPeersOptions = {}
): Effect.Effect<PeerTransportService, never, HttpServer.HttpServer | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* HttpServer.HttpServer
    const peers = yield* Effect.acquireRelease(
      Effect.sync(() => new HttpPeers([HttpServer.formatAddress(server.address)], options)),
      (peers) => Effect.sync(() => peers.shut())
    )
    yield* HttpServer.serveEffect(Effect.flatMap(HttpServerRequest, peers.handle))
    return peers
  })

/**
 * {@link makeServer} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (options: HttpPeersOptions = {}): Layer.Layer<PeerTransport, never, HttpServer.HttpServer> =>
  Layer.scoped(PeerTransport, makeServer(options))

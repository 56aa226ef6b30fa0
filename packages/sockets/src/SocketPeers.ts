/**
 * Peers over native datagram sockets. Needs `@ductworks/peers`. For connections, give `NodePeers.makeServer` of
 * `@ductworks/platform-node` the transport of `SocketTransport`.
 *
 * @since 0.1.0
 */
import type { Unsupported } from "@ductworks/core/DuctError"
import type { BindError } from "@ductworks/peers/PeerError"
import { PeerTransport, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import type { UdpOptions } from "@ductworks/platform-node/NodePeers"
import { makeUdpPeers } from "@ductworks/platform-node/PeersKit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { load } from "./internal/load.js"
import { openUdp } from "./internal/peers/udpCarrier.js"

/**
 * `NodePeers.makeUdp` over the native addon: the same settings, peers, errors and laws, in fewer steps. A packet costs one
 * system call to send, and one is enough to receive up to eight. Where the addon cannot be loaded it fails with
 * `Unsupported`.
 *
 * What is different:
 *
 * - `send` knows at once what becomes of a packet: it waits only while the system's buffer is full (`sendBufferBytes`), has
 *   then taken nothing when it is interrupted, and always tells the error itself.
 * - There is no other buffer than the system's, so `highWaterMark` has no meaning.
 *
 * @example
 * import * as NodePeers from "@ductworks/platform-node/NodePeers"
 * import * as SocketPeers from "@ductworks/sockets/SocketPeers"
 * import { Effect } from "effect"
 *
 * const udp = SocketPeers.makeUdp().pipe(Effect.catchTag("Unsupported", () => NodePeers.makeUdp()))
 *
 * const program = Effect.gen(function* () {
 *   const server = yield* udp
 *   const client = yield* udp
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
export const makeUdp = (
  options: UdpOptions = {}
): Effect.Effect<PeerTransportService, BindError | Unsupported, Scope.Scope> =>
  Effect.flatMap(
    Effect.suspend(() => load()),
    (binding) => makeUdpPeers(options, (host, port) => openUdp(binding, options, host, port))
  )

/**
 * {@link makeUdp} as a layer.
 *
 * @example
 * import { PeerTransport } from "@ductworks/peers"
 * import * as NodePeers from "@ductworks/platform-node/NodePeers"
 * import * as SocketPeers from "@ductworks/sockets/SocketPeers"
 * import { Effect, Layer } from "effect"
 *
 * const udp = SocketPeers.layerUdp().pipe(
 *   Layer.catchAll((error) => (error._tag === "Unsupported" ? NodePeers.layerUdp() : Layer.fail(error)))
 * )
 *
 * const program = Effect.map(PeerTransport.PeerTransport, ({ endpoints }) => console.log(endpoints))
 *
 * await program.pipe(Effect.provide(udp), Effect.runPromise)
 *
 * @since 0.1.0
 * @category layers
 */
export const layerUdp = (options: UdpOptions = {}): Layer.Layer<PeerTransport, BindError | Unsupported> =>
  Layer.scoped(PeerTransport, makeUdp(options))

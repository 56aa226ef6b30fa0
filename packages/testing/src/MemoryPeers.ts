/**
 * Peers inside one process, without descriptors or timers: connections with back-pressure and a life cycle, or datagrams;
 * deterministic, and usable under a `TestClock`.
 *
 * @since 0.1.0
 */
import type { PeerInbox, PeerTransport } from "@ductworks/peers"
import type { BindError } from "@ductworks/peers/PeerError"
import * as PeerTransportModule from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as memory from "./internal/peers/memory.js"

/**
 * The names of one memory network. A transport reaches only those of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Network extends memory.Network {}

/**
 * A network in which nothing is bound.
 *
 * @since 0.1.0
 * @category constructors
 */
export const network = (): Network => new memory.Network()

/**
 * The settings of one memory transport.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryPeersOptions extends PeerInbox.InboxOptions {
  /** Where others reach it: `memory:<name>`. Default: a fresh name. */
  readonly name?: string
  /** Both ends of a connection, or of an exchange of datagrams, are of one kind. Default `"stream"`. */
  readonly kind?: "stream" | "datagram"
  /** Bytes of the largest packet. Default 16 MiB for streams, 65,507 for datagrams. */
  readonly maxPacketBytes?: number
  /** Packets for one peer that were taken and have not arrived: `offer` says no then. Default 16. */
  readonly maxPending?: number
  /** Joined peers that were not received; then connecting fails with `BacklogFull`. Default 64. */
  readonly backlog?: number
}

/**
 * A transport in the network, which the scope closes. A name in use fails with `BindFailed` (`AddressInUse`); another
 * family of endpoint with `InvalidAddress`; connecting to an unbound name with `ConnectFailed` (`NotFound`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  network: Network,
  options: MemoryPeersOptions = {}
): Effect.Effect<PeerTransport.PeerTransportService, BindError, Scope.Scope> => memory.bind(network, options)

/**
 * Two transports in a network of their own; each reaches the other at its `endpoints[0]`.
 *
 * @example
 * import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const [server, client] = yield* MemoryPeers.pair()
 *   const peer = yield* client.connect(server.endpoints[0] ?? "")
 *   yield* client.send(peer, new TextEncoder().encode("hello"))
 *   const [joined, packet] = yield* server.receive
 *   console.assert(joined._tag === "Joined" && packet?._tag === "Packet")
 * })
 *
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const pair = (
  options: Omit<MemoryPeersOptions, "name"> = {}
): Effect.Effect<
  readonly [server: PeerTransport.PeerTransportService, client: PeerTransport.PeerTransportService],
  BindError,
  Scope.Scope
> =>
  Effect.suspend(() => {
    const own = network()
    return Effect.all([make(own, options), make(own, options)])
  })

/**
 * {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  network: Network,
  options: MemoryPeersOptions = {}
): Layer.Layer<PeerTransport.PeerTransport, BindError> =>
  Layer.scoped(PeerTransportModule.PeerTransport, make(network, options))

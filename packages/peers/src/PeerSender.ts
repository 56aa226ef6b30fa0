/**
 * What every socket sends with: one of its own, and many as one.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { RequestError, SendError } from "./PeerError.js"
import type { WireType } from "./PeerFormat.js"
import type { Data, Messages, Reply, Requests } from "./PeerProtocol.js"
import type { Peer } from "./PeerTransport.js"

/**
 * The sending half of a `PeerSocket`, and of a `MetaSocket`: there a peer is that of the child that knows it, and all are
 * the peers of all children, of which none stops another.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerSender<M extends Messages> {
  /** Whether the peer is known. */
  readonly knows: (peer: Peer) => boolean
  /**
   * Sends by name: `socket.send.chat({ … }, peer)`. A directed send completes when the transport has taken the whole
   * packet, or a slow peer's queue has; its failure is the caller's. Without a peer it is a broadcast, encoded once:
   * failures of single peers are logged and counted, and hold up or stop none of the others. Interrupted, the packet was
   * sent whole or not at all (of a broadcast: to some).
   */
  readonly send: { readonly [K in keyof M]: Send<M, K> }
  /** Sends by the type's name on the wire: `data` is not checked, but written by the format as it is. */
  readonly sendMessage: (type: WireType, data: unknown, peer?: Peer) => Effect.Effect<void, SendError>
  /** Sends a packet as it is, encoded already; its owner may fill it in anew once that has completed. */
  readonly sendRaw: (packet: Uint8Array, peer?: Peer) => Effect.Effect<void, SendError>
  /**
   * Asks by name: `yield* socket.request.sum([1, 2], peer)`. Types without a reply are not there. Fails with `PeerLost`
   * when the peer goes, with `RequestFailed` when it cannot answer, with `DuctTimeout` after the time-out, and with
   * `Unsupported` when the format has no place for the id.
   */
  readonly request: { readonly [K in Requests<M>]: Request<M, K> }
}

/**
 * Sends messages of one type: to the peer, or without one to all known peers.
 *
 * @since 0.1.0
 * @category models
 */
export type Send<M extends Messages, K extends keyof M> = (
  data: Data<M, K>,
  peer?: Peer
) => Effect.Effect<void, SendError>

/**
 * Asks the peer, and waits for its reply. Interruption, and the time-out, cancel the handler on the other side.
 *
 * @since 0.1.0
 * @category models
 */
export type Request<M extends Messages, K extends keyof M> = (
  data: Data<M, K>,
  peer: Peer,
  options?: {
    /** Default: the socket's `requestTimeout`. */
    readonly timeout?: Duration.DurationInput
  }
) => Effect.Effect<Reply<M, K>, RequestError>

/**
 * A handler or callback that was added. Taking it away again lets it end what it has begun; twice is fine.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registration {
  readonly remove: Effect.Effect<void>
}

/**
 * What a socket counts.
 *
 * @since 0.1.0
 */
import type { TransportStats } from "./PeerTransport.js"

/**
 * What a socket counts, from 0 on; the last four are of the moment.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerStats {
  /** Good packets that were parsed. */
  readonly received: number
  /** Packets that were taken for a peer; a broadcast counts once for each. */
  readonly sent: number
  /** Packets without a byte, or whose decoded body had none. */
  readonly empty: number
  /** Packets that the decode hook, the format or the Schema of the type could not read. */
  readonly undecodable: number
  /** Packets whose body was over the format's `maxMessageBytes`. */
  readonly oversize: number
  /** Messages of a type that has no handler here. */
  readonly unknownTypes: number
  /** Messages that `handleAll` dropped. */
  readonly filtered: number
  /** Packets from peers that `goodPeer` refused, and peers that it refused when they connected. */
  readonly badPeers: number
  /** Peers refused because `maxPeers` were here. */
  readonly refusedPeers: number
  /** Datagrams dropped because their peer's queue, or the strangers' places, were full. */
  readonly droppedReceived: number
  /** Packets dropped because their peer was too slow, by policy or in a broadcast. */
  readonly droppedSent: number
  /** Packets of a broadcast that a peer's transport refused. */
  readonly failedSent: number
  /** Handlers that failed, died or took longer than `handlerTimeout`. */
  readonly handlerFailures: number
  /** Other hooks that did. */
  readonly hookFailures: number
  readonly missedTicks: number
  readonly timedOut: number
  /** Peers that connected and sent no good packet in `firstMessageTimeout`. */
  readonly neverSpoke: number
  /** Peers that were disconnected because they were too slow. */
  readonly tooSlow: number
  /** Replies that nobody waited for (any more). */
  readonly unexpectedReplies: number
  /** Events that a subscriber of `events` was too slow for. */
  readonly droppedEvents: number
  /** What the transport counts. */
  readonly transport: TransportStats
  readonly knownPeers: number
  readonly runningHandlers: number
  readonly queuedBytes: number
  readonly pendingRequests: number
}

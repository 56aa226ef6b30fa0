/**
 * The settings and hooks of a socket. Hooks are Effects: one that fails or dies is logged with the peer and the type and
 * counted, one that takes longer than `hookTimeout` is interrupted; neither stops the socket.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Child } from "./MetaSocket.js"
import type { Envelope } from "./PeerFormat.js"
import type { Data, Messages, Reply } from "./PeerProtocol.js"
import type { PeerSocket } from "./PeerSocket.js"
import type { Peer } from "./PeerTransport.js"

/**
 * What is done with the messages of one type; of a type with a reply: its success is the reply to a request. A failure
 * or a defect is logged with the type and the peer.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler<M extends Messages, K extends keyof M, R = never> = (
  peer: Peer,
  data: Data<M, K>,
  type: K
) => Effect.Effect<Reply<M, K>, unknown, R>

/**
 * One handler, or several, for each type named.
 *
 * @since 0.1.0
 * @category models
 */
export type Handlers<M extends Messages, R = never> = {
  readonly [K in keyof M]?: Handler<M, K, R> | ReadonlyArray<Handler<M, K, R>>
}

/**
 * A message between parsing and handlers; `type` is what the wire has, and `data` what the format gave, before its Schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface Message extends Envelope {
  readonly peer: Peer
}

/**
 * One tick of a fixed rate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tick {
  /** How long the last tick took; zero at first. */
  readonly previous: Duration.Duration
  /** Ticks that had to be left out since the last one because it took too long. */
  readonly missed: number
  /** 0, 1, 2 …: which tick of the rate this is, those that were missed counted. */
  readonly index: number
}

/**
 * What happens to packets for a peer that does not take them fast enough, once its bounded queue is full:
 *
 * - `"wait"`: a directed send waits for room. A broadcast must not be held up by one peer: there it is `"dropNewest"`.
 * - `"dropNewest"`: the packet is dropped and counted; a directed send fails with `SendQueueFull`.
 * - `"dropOldest"`: the packet that waited longest is dropped and counted.
 * - `"disconnect"`: the peer is closed (`TooSlow`) and counted.
 *
 * @since 0.1.0
 * @category models
 */
export type SlowPeerPolicy = "wait" | "dropNewest" | "dropOldest" | "disconnect"

/**
 * The numbers. Every limit is finite by default; a number below 1 counts as 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** A known peer that is silent for so long is closed and forgotten. `Duration.infinity`: never. Default 10 seconds. */
  readonly timeout?: Duration.DurationInput
  /** For peers that connected to us: time until the first good packet. Default 5 seconds, at most `timeout`. */
  readonly firstMessageTimeout?: Duration.DurationInput
  /** Between two ticks, from the beginning of one to that of the next. Default 250 milliseconds. */
  readonly tickInterval?: Duration.DurationInput
  /** Sends a heartbeat to every known peer this often, so that they do not take us for silent. Default: false. */
  readonly heartbeat?: Duration.DurationInput | false
  /** A handler is interrupted after this time, so that none can hold up its peer for ever. Default 30 seconds. */
  readonly handlerTimeout?: Duration.DurationInput
  /** Any other hook. Default 5 seconds. */
  readonly hookTimeout?: Duration.DurationInput
  /** Of requests that name none. Default 10 seconds. */
  readonly requestTimeout?: Duration.DurationInput
  /** Messages of one peer that are handled at a time. Default 1: in order. `Infinity`: all at once. */
  readonly concurrency?: number
  /** Parses and handles inline: one message of the whole socket at a time, in the order of arrival. Default false. */
  readonly sequential?: boolean
  /** The pool: handlers of the whole socket that run at a time. Default 1000. */
  readonly maxHandlers?: number
  /** Packets of one peer that wait to be parsed. Then the peer is paused; its datagrams are dropped. Default 100. */
  readonly parseQueue?: number
  /** Parsed messages of one peer that wait for a handler. Then no more are parsed. Default 100. */
  readonly inQueue?: number
  /** Bytes of packets of one peer in both queues; a single packet may be bigger. Default 1 MiB. */
  readonly inQueueBytes?: number
  /** Bytes of packets of all peers in their queues; then nothing is received. Default 64 MiB. */
  readonly maxQueuedBytes?: number
  /** Known peers at a time; more are refused. Default 1024. */
  readonly maxPeers?: number
  /** Datagram sources that are not known and have a message waiting or in a handler; others' are dropped. Default 64. */
  readonly maxStrangers?: number
  /** Requests of one peer that wait or are handled; more are answered with `TooMany`. Default 100. */
  readonly maxRequests?: number
  /** What happens to packets for a peer that is too slow. Default `"wait"`. */
  readonly slowPeer?: SlowPeerPolicy
  /** Packets that may wait for a slow peer. Default 100. */
  readonly sendQueue?: number
  /** Bytes that may wait for a slow peer; a single packet may be bigger. Default 1 MiB. */
  readonly sendQueueBytes?: number
}

/**
 * Everything a socket can be given. `R` is what the hooks and handlers of options need that are kept in a variable.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<M extends Messages, R = never> extends Settings {
  /** The application's handlers. They are added after `defaultHandlers`. */
  readonly handlers?: Handlers<M, R>
  /** Handlers that the protocol needs: the parent's first, then the own ones. All of a type run. */
  readonly defaultHandlers?: ReadonlyArray<Handlers<M, R>>
  /** Endpoints to connect to before the socket becomes active. One that cannot be reached fails the socket. */
  readonly connect?: ReadonlyArray<string>
  /** The metadata that a peer begins with, whose type the socket's `knownPeers` then has. Default: an empty object. */
  readonly metadata?: (peer: Peer) => unknown
  /** Belongs to this meta socket from the beginning. */
  readonly metaSocket?: { readonly attach: (child: Child<M>) => Effect.Effect<void> }
  /** Runs before the workers start. A failure fails the socket. */
  readonly childSetup?: (socket: PeerSocket<M, unknown>) => Effect.Effect<unknown, unknown, R>
  /**
   * Authenticates a peer that we connected to, before it is known; its failure refuses the peer. Requests to it work,
   * but not at the start (`connect` of the options): nothing is received yet.
   */
  readonly connectTo?: (peer: Peer, socket: PeerSocket<M, unknown>) => Effect.Effect<unknown, unknown, R>
  /**
   * Whether this is a peer to talk with: asked when it connects to us (no: it is closed) and for each packet (no: dropped
   * unparsed, and counted). Failing is no. Default: yes.
   */
  readonly goodPeer?: (peer: Peer) => Effect.Effect<boolean, unknown, R>
  /** Changes a message, also its type, or drops it (`undefined`), before its Schema and the handlers see it. */
  readonly handleAll?: (message: Message) => Effect.Effect<Message | undefined, unknown, R>
  /** From a body to the packet: compression, encryption. The inverse of `decode`. */
  readonly encode?: (body: Uint8Array) => Effect.Effect<Uint8Array, unknown, R>
  /** From a packet to the body. An empty result is dropped. */
  readonly decode?: (packet: Uint8Array) => Effect.Effect<Uint8Array, unknown, R>
  /** Writes bodies instead of the protocol's format; data is what the Schema encodes to. */
  readonly serialise?: (envelope: Envelope) => Effect.Effect<Uint8Array | string, unknown, R>
  /** Reads bodies instead of the protocol's format. */
  readonly parse?: (body: Uint8Array) => Effect.Effect<Envelope, unknown, R>
  /** Runs at a fixed rate, `tickInterval`, compensating for its own time. Ticks that cannot be kept are counted. */
  readonly tick?: (tick: Tick) => Effect.Effect<unknown, unknown, R>
}

/**
 * Whole packets with their senders, and the life cycle of peers: what a {@link PeerSocket} stands on. A socket written
 * against it runs over UDP, TCP, Unix sockets, WebSockets, HTTP or memory by swapping one Layer.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { LeaveCause, ReachError, ReceiveError, TransmitError } from "./PeerError.js"

/**
 * Somebody to talk with. Peers are told apart by `id`, which is unique within their transport: a datagram peer's is its
 * endpoint (`udp://127.0.0.1:1337`), that of a connection has a number too (`tcp://127.0.0.1:4000#7`), so that a peer
 * that comes back is another peer. The objects themselves carry no state and need not be kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Peer {
  readonly id: string
  /**
   * The text form of where it is: `udp://127.0.0.1:1337`, `tcp://[::1]:4000`, `unix:`, `ws://127.0.0.1:5000`,
   * `memory:name`. For `unix` and accepted connections in general it may be nothing to connect to.
   */
  readonly endpoint: string
}

/**
 * A peer, as plain data. Without an endpoint of its own its id is one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const Peer = (id: string, endpoint: string = id): Peer => ({ id, endpoint })

/**
 * A connection was accepted (`isOurs` is false) or made by `connect` (true). Datagram transports have none: there a peer
 * is whoever a packet comes from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Joined {
  readonly _tag: "Joined"
  readonly peer: Peer
  readonly isOurs: boolean
}

/**
 * One whole packet, without the framing of the transport. The receiver owns its bytes; they may be a view of a bigger
 * chunk. An empty packet is a packet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Packet {
  readonly _tag: "Packet"
  readonly peer: Peer
  readonly packet: Uint8Array
}

/**
 * The peer's connection is gone; nothing more comes from it, and everything that came from it came before. `cause` is
 * missing when the other end closed between packets. Also told once `close` was called, unless `Joined` was not received yet:
 * then neither is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Left {
  readonly _tag: "Left"
  readonly peer: Peer
  readonly cause?: LeaveCause
}

/**
 * What `receive` gives. For each connection: one `Joined`, any number of `Packet`s, one `Left`.
 *
 * @since 0.1.0
 * @category models
 */
export type TransportEvent = Joined | Packet | Left

/**
 * What a transport counts. All numbers grow from 0 and never fall.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransportStats {
  /** Datagrams that arrived and were dropped because nobody took them in time, as far as the transport knows. */
  readonly droppedDatagrams: number
  /** Packets that were over `maxPacketBytes`: dropped (datagrams), or the reason for which the peer was closed. */
  readonly oversize: number
  /** Connections closed because they spoke something else than packets: bad framing, a bad handshake. */
  readonly malformed: number
  /** Connections refused by the transport's own limits (its backlog, its memory budget). */
  readonly refused: number
}

/**
 * What a transport can do. `checkPeers` of `@ductworks/testing` proves an implementation; `PeerInbox` is the receiving
 * half that most need. The scope that made the transport closes its sockets and all connections.
 *
 * An operation whose result is known at once returns an `Exit` (which is an Effect): the socket then looks at it without
 * running anything, which is what keeps a broadcast to a thousand peers cheap.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerTransportService {
  /**
   * `"stream"`: packets of a peer arrive in order and whole, and each peer joins and leaves. `"datagram"`: packets may be
   * lost, doubled and reordered, and anybody can claim to be anybody.
   */
  readonly kind: "stream" | "datagram"
  /** Where this transport can be reached, in text form: the port the system chose. Empty for one that only connects. */
  readonly endpoints: ReadonlyArray<string>
  /** Bytes of the largest packet, sent or received. */
  readonly maxPacketBytes: number
  /**
   * What happened, in order for each peer, waiting for at least one event; at most a finite batch, with a turn for every
   * peer that has something. Nothing is read from the system before the first call, afterwards at most a finite
   * read-ahead for each peer: while nobody receives, senders of a stream transport wait, and datagrams are dropped and
   * counted. Interruption loses no event. A second concurrent call fails with `DuctBusy`; the first terminal error is
   * sticky. What happens to one peer never fails it.
   */
  readonly receive: Effect.Effect<Arr.NonEmptyReadonlyArray<TransportEvent>, ReceiveError>
  /**
   * `receive` for the one layer above, where it needs no fiber (left out where it does): what there is at once;
   * `undefined` while there is nothing; the failure that `receive` ends with. This takes no turn: whoever takes must not
   * `receive` as well.
   */
  readonly take?: () => Arr.NonEmptyReadonlyArray<TransportEvent> | Exit.Exit<never, ReceiveError> | undefined
  /**
   * For whom `take` gave nothing: calls `wake` once, when there may be something, perhaps at once. Another call before
   * that replaces it. There, when `take` is.
   */
  readonly onArrival?: (wake: () => void) => void
  /**
   * Stops (`true`) and starts again (`false`) what `receive` gives of one peer, while all others go on: of a stream
   * peer that is paused nothing is read beyond the read-ahead. Its `Left` waits behind its packets. Events that
   * `receive` has given already still count. Nothing to do for datagrams and unknown peers.
   */
  readonly pause: (peer: Peer, isPaused: boolean) => void
  /**
   * Takes the whole packet if there is room for it now: true. Never waits: false when too much waits for that peer
   * already, and then nothing was taken. The bytes must not change any more. Packets that were taken leave in order.
   */
  readonly offer: (peer: Peer, packet: Uint8Array) => Effect.Effect<boolean, TransmitError>
  /**
   * Waits for room first, then takes the whole packet; completes when it was taken. An error of the system appears here;
   * of a datagram perhaps only at the next one to that peer. Interrupted while it waited it has taken nothing; when the
   * peer goes meanwhile it fails with `PeerLost` or `UnknownPeer`.
   */
  readonly send: (peer: Peer, packet: Uint8Array) => Effect.Effect<void, TransmitError>
  /**
   * Reaches out. A stream transport has connected when this completes, and `receive` gives `Joined` with `isOurs`; a
   * datagram transport only reads the text and resolves the name. Interruption closes what was begun.
   */
  readonly connect: (endpoint: string) => Effect.Effect<Peer, ReachError>
  /**
   * Closes the peer's connection; what was taken still gets a finite time to leave, in the background. Does not wait for
   * the other end. Nothing to do for datagrams and unknown peers.
   */
  readonly close: (peer: Peer) => Effect.Effect<void>
  /** What was counted so far; a snapshot. */
  readonly stats: () => TransportStats
}

/**
 * The tag of the transport in a context. The transports of `@ductworks/platform-node/NodePeers` and
 * `@ductworks/testing/MemoryPeers` provide it.
 *
 * @since 0.1.0
 * @category tags
 */
export class PeerTransport extends Context.Tag("@ductworks/peers/PeerTransport")<
  PeerTransport,
  PeerTransportService
>() {}

/**
 * Counters of a transport that has nothing to count.
 *
 * @since 0.1.0
 * @category constants
 */
export const noStats: TransportStats = { droppedDatagrams: 0, oversize: 0, malformed: 0, refused: 0 }

const dummyPeer = Peer("udp://127.0.0.1:1337")
const dummyPacket: Packet = { _tag: "Packet", peer: dummyPeer, packet: new Uint8Array(0) }
const taken = Exit.succeed(true)

/**
 * The transport that does nothing, for tests of what stands on it: every receive gives one packet of no bytes from
 * `udp://127.0.0.1:1337` (after letting other fibers run), every packet is taken and gone, every endpoint is reached.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dummy: PeerTransportService = {
  kind: "datagram",
  endpoints: [],
  maxPacketBytes: 8192,
  receive: Effect.as(Effect.yieldNow(), [dummyPacket]),
  pause: () => {},
  offer: () => taken,
  send: () => Exit.void,
  connect: (endpoint) => Exit.succeed(Peer(endpoint)),
  close: () => Exit.void,
  stats: () => noStats
}

/**
 * {@link dummy} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDummy: Layer.Layer<PeerTransport> = Layer.succeed(PeerTransport, dummy)

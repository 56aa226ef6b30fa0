/**
 * The errors that peers add to those of ducts and messages; all carry the `TypeId` of `DuctError`.
 *
 * @since 0.1.0
 */
import { DuctError } from "@ductworks/core"
import type {
  BindFailed,
  ConnectFailed,
  DuctBusy,
  DuctClosed,
  DuctTimeout,
  InvalidAddress,
  InvalidArgument,
  LocalSocketFault,
  RemoteDuctClosed,
  RemoteDuctReset,
  Unsupported
} from "@ductworks/core/DuctError"
import type { MessageProtocolError, MessageTooLarge, SerializeError } from "@ductworks/message/MessageError"
import * as Schema from "effect/Schema"

const { quoteText } = DuctError

/**
 * There is no such peer (any more): it was never here, or it left, timed out or was closed before the operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownPeer extends Schema.TaggedError<UnknownPeer>("@ductworks/peers/UnknownPeer")("UnknownPeer", {
  operation: Schema.String,
  /** The peer's id. */
  peer: Schema.String
}) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `${this.operation}: there is no peer ${quoteText(this.peer)} (any more)`
  }
}

/**
 * Why a peer is gone although neither end closed it in good order.
 *
 * @since 0.1.0
 * @category models
 */
export const LossReason = Schema.Literal("Closed", "Vanished", "TimedOut", "NeverSpoke", "TooSlow", "Refused")

/**
 * One of the literals of the Schema {@link LossReason}.
 *
 * @since 0.1.0
 * @category models
 */
export type LossReason = typeof LossReason.Type

const lossHints: Readonly<Record<LossReason, string>> = {
  Closed: "one of the ends closed it",
  Vanished: "its connection broke, see the cause",
  TimedOut: "nothing came from it within the time-out; let it send heartbeats, or raise `timeout`",
  NeverSpoke: "nothing came from it within `firstMessageTimeout`",
  TooSlow: "it does not read fast enough, and the policy for that is to disconnect it",
  Refused: "goodPeer, connectTo or maxPeers refused it"
}

/**
 * The peer left before the operation was done: a call that waited for its reply, a send that waited for room.
 *
 * @since 0.1.0
 * @category errors
 */
export class PeerLost extends Schema.TaggedError<PeerLost>("@ductworks/peers/PeerLost")("PeerLost", {
  operation: Schema.String,
  /** The peer's id. */
  peer: Schema.String,
  reason: LossReason,
  cause: Schema.optional(Schema.Defect)
}) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `${this.operation}: the peer ${quoteText(this.peer)} is gone: ${lossHints[this.reason]}`
  }
}

/**
 * The peer was not taken: `goodPeer` or the `connectTo` hook said no, or `maxPeers` peers are here.
 *
 * @since 0.1.0
 * @category errors
 */
export class PeerRefused extends Schema.TaggedError<PeerRefused>("@ductworks/peers/PeerRefused")("PeerRefused", {
  /** The peer's id, or the endpoint. */
  peer: Schema.String,
  /** What refused it. */
  by: Schema.Literal("goodPeer", "connectTo", "maxPeers"),
  cause: Schema.optional(Schema.Defect)
}) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `the peer ${quoteText(this.peer)} was refused by ${this.by}${this.by === "maxPeers" ? "; raise it, or close some" : ""}`
  }
}

/**
 * The packet was not sent because too much waits for that peer already, and the policy is to drop.
 *
 * @since 0.1.0
 * @category errors
 */
export class SendQueueFull extends Schema.TaggedError<SendQueueFull>("@ductworks/peers/SendQueueFull")(
  "SendQueueFull",
  {
    /** The peer's id. */
    peer: Schema.String,
    limit: Schema.Number,
    /** What sets the limit: `"sendQueue"` (packets) or `"sendQueueBytes"`. */
    limitName: Schema.String
  }
) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `${quoteText(this.peer)} does not take its packets fast enough: the limit of ${this.limit} (${this.limitName}) that may wait is reached`
  }
}

const hints = {
  NoHandler: "does the socket there handle this type?",
  HandlerFailed: "its handler failed, or took too long, which the log there says",
  Undecodable: "are both ends of the same protocol and format?",
  TooMany: "too many requests wait there already; ask again later"
}

/**
 * The other end could not answer the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestFailed extends Schema.TaggedError<RequestFailed>("@ductworks/peers/RequestFailed")(
  "RequestFailed",
  {
    /** The name of the message type. */
    type: Schema.String,
    /** The id of the peer that was asked. */
    peer: Schema.String,
    /**
     * `NoHandler`: the type is unknown there, or has no handler. `HandlerFailed`: the handler failed, died or took too
     * long. `Undecodable`: one of the ends could not read the other. `TooMany`: too many requests wait there.
     */
    reason: Schema.Literal("NoHandler", "HandlerFailed", "Undecodable", "TooMany"),
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `the request ${quoteText(this.type)} to ${quoteText(this.peer)} failed: ${this.reason}; ${hints[this.reason]}`
  }
}

/**
 * The `childSetup` hook failed, died or took too long: the socket was not made.
 *
 * @since 0.1.0
 * @category errors
 */
export class SetupFailed extends Schema.TaggedError<SetupFailed>("@ductworks/peers/SetupFailed")("SetupFailed", {
  /** The protocol's id. */
  socket: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `the socket of ${quoteText(this.socket)} was not made: its childSetup failed, see the cause`
  }
}

/**
 * The errors of this package.
 *
 * @since 0.1.0
 * @category models
 */
export type PeerError = UnknownPeer | PeerLost | PeerRefused | SendQueueFull | RequestFailed | SetupFailed

/**
 * What ends a transport's `receive` for good: its own socket failed, or its scope was left. `DuctBusy` is a second
 * concurrent receive.
 *
 * @since 0.1.0
 * @category models
 */
export type ReceiveError = DuctClosed | LocalSocketFault | DuctBusy

/**
 * Why a transport did not take a packet. `ConnectFailed`: the system has no way for a datagram to that peer; others are
 * reached as before.
 *
 * @since 0.1.0
 * @category models
 */
export type TransmitError =
  | UnknownPeer
  | PeerLost
  | ConnectFailed
  | DuctClosed
  | MessageTooLarge
  | SerializeError
  | LocalSocketFault
  | Unsupported

/**
 * Why a connection that had been a peer's ended: what `Left` tells; nothing where it was closed in good order.
 *
 * @since 0.1.0
 * @category models
 */
export type LeaveCause =
  | RemoteDuctClosed
  | RemoteDuctReset
  | LocalSocketFault
  | MessageProtocolError
  | MessageTooLarge
  | DuctError.MessageTruncated
  | DuctError.ChildExited
  | DuctTimeout
  | PeerLost

/**
 * Why a transport could not reach an endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export type ReachError = ConnectFailed | InvalidAddress | Unsupported | DuctClosed

/**
 * Why a transport cannot be made.
 *
 * @since 0.1.0
 * @category models
 */
export type BindError = BindFailed | ConnectFailed | InvalidAddress | InvalidArgument | Unsupported

/**
 * What a send of a socket fails with. A broadcast fails only with what concerns no single peer.
 *
 * @since 0.1.0
 * @category models
 */
export type SendError = TransmitError | SendQueueFull

/**
 * What a request fails with; `DuctTimeout` when there was no reply in time.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestError = SendError | RequestFailed | DuctTimeout

/**
 * What connecting to an endpoint fails with.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectError = ReachError | PeerRefused | PeerLost

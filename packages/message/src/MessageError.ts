/**
 * The errors that messages add to those of ducts; all carry the `TypeId` of `DuctError`.
 *
 * @since 0.1.0
 */
import { DuctError } from "@ductworks/core"
import type {
  ChildExited,
  DuctBusy,
  DuctClosed,
  DuctTimeout,
  LocalSocketFault,
  MessageTruncated,
  NotConnected,
  RemoteDuctClosed,
  RemoteDuctReset
} from "@ductworks/core/DuctError"
import * as Schema from "effect/Schema"

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, "0")}`

/**
 * The first byte of a frame is not what the framing begins with: the other end speaks something else, or the stream is
 * out of step. The duct has failed for good.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageProtocolError extends Schema.TaggedError<MessageProtocolError>(
  "@ductworks/message/MessageProtocolError"
)("MessageProtocolError", {
  /** The byte that begins a frame: 0x54. */
  expected: Schema.Number,
  /** The byte that was received instead. */
  received: Schema.Number
}) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `a frame must begin with ${hex(this.expected)}, but ${hex(this.received)} was received; do both ends use the same framing?`
  }
}

/**
 * The message is over the limit. Sent: nothing left. Received: the duct has failed for good, and nothing was allocated.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageTooLarge extends Schema.TaggedError<MessageTooLarge>("@ductworks/message/MessageTooLarge")(
  "MessageTooLarge",
  {
    direction: Schema.Literal("send", "recv"),
    /** Bytes of the payload, as far as they are known. */
    size: Schema.Number,
    /** The limit that applied, in bytes. */
    limit: Schema.Number,
    /** What sets the limit, such as `"maxMessageBytes"`. */
    limitName: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    const what = `${this.direction}: a message of ${this.size} bytes`
    return this.size > this.limit
      ? `${what} is over the limit of ${this.limit} bytes (${this.limitName})${this.limitName === "maxMessageBytes" ? "; raise it at both ends, or send less" : ""}`
      : `${what} does not fit into ${this.limitName}`
  }
}

/**
 * The message cannot be written in the duct's format. Nothing was sent; the duct is as before.
 *
 * @since 0.1.0
 * @category errors
 */
export class SerializeError extends Schema.TaggedError<SerializeError>("@ductworks/message/SerializeError")(
  "SerializeError",
  {
    /** The serializer's name. */
    serializer: Schema.String,
    /** What is wrong with the message; never its content. */
    problem: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `the message cannot be serialized (${this.serializer}): ${this.problem}`
  }
}

/**
 * A message arrived that is not in the duct's format. It was consumed: the next receive goes on with the one after it.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeserializeError extends Schema.TaggedError<DeserializeError>("@ductworks/message/DeserializeError")(
  "DeserializeError",
  {
    /** The serializer's name. */
    serializer: Schema.String,
    /** What is wrong with the message; text from the peer in it is escaped and shortened. */
    problem: Schema.String,
    /** Bytes of the payload. */
    size: Schema.Number,
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [DuctError.TypeId]: DuctError.TypeId = DuctError.TypeId
  override get message() {
    return `a message of ${this.size} bytes cannot be deserialized (${this.serializer}): ${this.problem}`
  }
}

/**
 * The errors of this package.
 *
 * @since 0.1.0
 * @category models
 */
export type MessageError = MessageProtocolError | MessageTooLarge | SerializeError | DeserializeError

/**
 * What can end or stop a send.
 *
 * @since 0.1.0
 * @category models
 */
export type SendError =
  | NotConnected
  | DuctClosed
  | RemoteDuctClosed
  | RemoteDuctReset
  | LocalSocketFault
  | DuctTimeout
  | MessageTooLarge
  | SerializeError

/**
 * What can end or stop a receive. At the end of the stream it is `RemoteDuctClosed`.
 *
 * @since 0.1.0
 * @category models
 */
export type RecvError =
  | NotConnected
  | DuctClosed
  | RemoteDuctClosed
  | MessageTruncated
  | RemoteDuctReset
  | LocalSocketFault
  | ChildExited
  | DuctBusy
  | DuctTimeout
  | MessageProtocolError
  | MessageTooLarge
  | DeserializeError

/**
 * The errors of ducts, told apart by what the caller does next. Every one is a `Schema.TaggedError`, carries the
 * {@link TypeId} and, where the operating system had a say, its `code` (`"EPIPE"`) and the original `cause`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { quote } from "./internal/quote.js"
import * as internal from "./internal/reason.js"

/**
 * The brand of every duct error, of this package and of the ones built on it.
 *
 * @since 0.1.0
 * @category symbols
 */
export const TypeId = "@ductworks/core/DuctError" as const

/**
 * The type of the brand, for errors of packages built on this one: `readonly [TypeId]: TypeId`.
 *
 * @since 0.1.0
 * @category symbols
 */
export type TypeId = typeof TypeId

const os = {
  /** The operating system's name of the error, such as `"EPIPE"`. */
  code: Schema.optional(Schema.String),
  /** What was underneath. */
  cause: Schema.optional(Schema.Defect)
}

/**
 * The duct has no connection yet: `bind` and `listen`, or `connect`, come first.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotConnected extends Schema.TaggedError<NotConnected>("@ductworks/core/NotConnected")("NotConnected", {
  operation: Schema.String
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: the duct is not connected; call bind and listen (parent) or connect (child) first`
  }
}

/**
 * The duct already has a connection; close it before binding, listening or connecting again.
 *
 * @since 0.1.0
 * @category errors
 */
export class AlreadyConnected extends Schema.TaggedError<AlreadyConnected>("@ductworks/core/AlreadyConnected")(
  "AlreadyConnected",
  { operation: Schema.String }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: the duct is already connected; close it first`
  }
}

/**
 * Why a bind or a connect failed, in words that do not depend on the platform.
 *
 * @since 0.1.0
 * @category models
 */
export const Reason = internal.Reason

/**
 * One of the literals of the Schema {@link Reason}.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * Listening at the address failed; nothing was left behind, and binding again is allowed.
 *
 * @since 0.1.0
 * @category errors
 */
export class BindFailed extends Schema.TaggedError<BindFailed>("@ductworks/core/BindFailed")("BindFailed", {
  reason: Reason,
  /** The address in its text form. */
  address: Schema.String,
  ...os
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.bindMessage(this)
  }
}

/**
 * Connecting to the address failed; the socket that was tried is closed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectFailed extends Schema.TaggedError<ConnectFailed>("@ductworks/core/ConnectFailed")("ConnectFailed", {
  reason: Reason,
  /** The address in its text form. */
  address: Schema.String,
  ...os
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.connectMessage(this)
  }
}

/**
 * The other end closed, and nothing that it sent is missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class RemoteDuctClosed extends Schema.TaggedError<RemoteDuctClosed>("@ductworks/core/RemoteDuctClosed")(
  "RemoteDuctClosed",
  os
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.withCode("the other end of the duct has closed", this.code)
  }
}

/**
 * The other end closed inside a message: `received` of `expected` bytes were here.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageTruncated extends Schema.TaggedError<MessageTruncated>("@ductworks/core/MessageTruncated")(
  "MessageTruncated",
  {
    /** Bytes the message should have had, as far as that was known. */
    expected: Schema.Number,
    /** Bytes of it that arrived. */
    received: Schema.Number,
    ...os
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.withCode(`the other end closed after ${this.received} of ${this.expected} bytes`, this.code)
  }
}

/**
 * The other end broke the connection off: what it sent last may be missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class RemoteDuctReset extends Schema.TaggedError<RemoteDuctReset>("@ductworks/core/RemoteDuctReset")(
  "RemoteDuctReset",
  os
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.withCode("the other end reset the connection", this.code)
  }
}

/**
 * This end was closed (or its scope left) before or during the operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuctClosed extends Schema.TaggedError<DuctClosed>("@ductworks/core/DuctClosed")("DuctClosed", {
  operation: Schema.String
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: this end of the duct is closed, or was meanwhile`
  }
}

/**
 * Another fiber is already doing this with the duct.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuctBusy extends Schema.TaggedError<DuctBusy>("@ductworks/core/DuctBusy")("DuctBusy", {
  operation: Schema.String
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: another fiber is already waiting in ${this.operation}; receive in one fiber and fan out`
  }
}

/**
 * The time the operation was given has passed. Nothing was consumed and nothing was taken, but for what is lent while it
 * leaves: a raw `sendAll` or `writev` of more than 16 KiB, a message of 64 KiB or more of bytes, and a send under a lock.
 * That may still leave.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuctTimeout extends Schema.TaggedError<DuctTimeout>("@ductworks/core/DuctTimeout")("DuctTimeout", {
  operation: Schema.String,
  timeout: Schema.DurationFromMillis
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    if (Duration.equals(this.timeout, Duration.zero)) return `${this.operation}: it would have to wait`
    const isForChild = this.operation === "listen" || this.operation === "spawn"
    const what = isForChild ? "no child connected" : "it was not done"
    return `${this.operation}: ${what} within ${Duration.format(this.timeout)}`
  }
}

/**
 * The connection's own socket failed; it is destroyed.
 *
 * @since 0.1.0
 * @category errors
 */
export class LocalSocketFault extends Schema.TaggedError<LocalSocketFault>("@ductworks/core/LocalSocketFault")(
  "LocalSocketFault",
  { operation: Schema.String, ...os }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.withCode(`${this.operation}: the local socket failed and was destroyed; make a new duct`, this.code)
  }
}

/**
 * The listening socket failed; it is destroyed.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommunicationFault extends Schema.TaggedError<CommunicationFault>("@ductworks/core/CommunicationFault")(
  "CommunicationFault",
  os
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return internal.withCode("the listening socket failed and was destroyed; bind again", this.code)
  }
}

/**
 * The child process ended with a code other than 0, or by a signal, before it closed the duct as agreed. Every byte
 * that it sent was delivered first.
 *
 * @since 0.1.0
 * @category errors
 */
export class ChildExited extends Schema.TaggedError<ChildExited>("@ductworks/core/ChildExited")("ChildExited", {
  pid: Schema.Number,
  exitCode: Schema.optional(Schema.Number),
  signal: Schema.optional(Schema.String)
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    const how = this.signal === undefined ? `with code ${this.exitCode}` : `by signal ${this.signal}`
    return `the child process ${this.pid} ended ${how}`
  }
}

/**
 * The text or the object is no address that this transport can use.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidAddress extends Schema.TaggedError<InvalidAddress>("@ductworks/core/InvalidAddress")(
  "InvalidAddress",
  {
    address: Schema.String,
    /** What is wrong, and which limit applies. */
    problem: Schema.String
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${quote(this.address)} is not a usable address: ${this.problem}`
  }
}

/**
 * An argument is outside what the operation accepts; nothing was done.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidArgument extends Schema.TaggedError<InvalidArgument>("@ductworks/core/InvalidArgument")(
  "InvalidArgument",
  {
    operation: Schema.String,
    /** Which argument, what it must be, and what it was. */
    problem: Schema.String
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: ${this.problem}`
  }
}

/**
 * This transport, platform or kind of connection cannot do it.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported extends Schema.TaggedError<Unsupported>("@ductworks/core/Unsupported")("Unsupported", {
  operation: Schema.String,
  /** Why, and what to use instead. */
  problem: Schema.String
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation} is not supported here: ${this.problem}`
  }
}

/**
 * The errors of this package. Packages built on it add theirs, with the same {@link TypeId}.
 *
 * @since 0.1.0
 * @category models
 */
export type DuctError =
  | NotConnected
  | AlreadyConnected
  | BindFailed
  | ConnectFailed
  | RemoteDuctClosed
  | MessageTruncated
  | RemoteDuctReset
  | DuctClosed
  | DuctBusy
  | DuctTimeout
  | LocalSocketFault
  | CommunicationFault
  | ChildExited
  | InvalidAddress
  | InvalidArgument
  | Unsupported

/**
 * What ends or stops a read. `RemoteDuctClosed` is the clean end of the stream.
 *
 * @since 0.1.0
 * @category models
 */
export type ReadError = RemoteDuctClosed | RemoteDuctReset | DuctClosed | DuctBusy | LocalSocketFault | ChildExited

/**
 * What a wait for readability fails with. The end of the stream and a reset are readable: the read tells of them.
 *
 * @since 0.1.0
 * @category models
 */
export type PollError = DuctClosed | LocalSocketFault

/**
 * What ends or stops a write. `DuctTimeout` appears only where a time-out was given.
 *
 * @since 0.1.0
 * @category models
 */
export type WriteError = RemoteDuctClosed | RemoteDuctReset | DuctClosed | DuctTimeout | LocalSocketFault

/**
 * What ends a wait for a connection: the listener was closed, or its socket failed. Either way it accepts nothing more.
 *
 * @since 0.1.0
 * @category models
 */
export type AcceptError = DuctClosed | CommunicationFault

/**
 * Why there is no connection: an attempt failed (`reason` says how), or the address is none for this transport. Nothing
 * stays open.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectError = ConnectFailed | InvalidAddress | Unsupported

/**
 * Why nothing listens: the address could not be bound (`reason` says why), or it is none for this transport, or an
 * option is out of its range. Nothing was left behind.
 *
 * @since 0.1.0
 * @category models
 */
export type ListenError = BindFailed | InvalidAddress | InvalidArgument | Unsupported

/**
 * Any error of ducts: of this package, which are the union {@link DuctError}, or of one built on it.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnyDuctError extends Error {
  readonly _tag: string
  readonly [TypeId]: TypeId
}

/**
 * Whether the value is an error of a duct, of this package or one built on it.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDuctError = (u: unknown): u is AnyDuctError => Predicate.hasProperty(u, TypeId)

/**
 * Whether the error says that nothing more will come from the other end: `RemoteDuctClosed` (clean),
 * `MessageTruncated` (closed inside a message) or `RemoteDuctReset`. The counterpart of Python's `EOFError`. `ChildExited`
 * is none: a child that ended badly is to be told apart from one that closed its duct.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEndOfFile = (u: unknown): u is RemoteDuctClosed | MessageTruncated | RemoteDuctReset =>
  isDuctError(u) && (u._tag === "RemoteDuctClosed" || u._tag === "MessageTruncated" || u._tag === "RemoteDuctReset")

/**
 * Text from elsewhere, made safe for errors and logs: quoted, with control and bidirectional characters escaped, at
 * most 128 characters of it.
 *
 * @since 0.1.0
 * @category text
 */
export const quoteText: (text: string) => string = quote

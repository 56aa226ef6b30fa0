/**
 * The errors of sockets, told apart by what the caller does next. Like all errors of ducts they are `Schema.TaggedError`s
 * that carry the brand of `DuctError`.
 *
 * @since 0.1.0
 */
import type { InvalidAddress, InvalidArgument, Unsupported } from "@ductworks/core/DuctError"
import { quoteText, TypeId } from "@ductworks/core/DuctError"
import * as Schema from "effect/Schema"

/**
 * A system call failed: Python's `OSError`. `code` says how (`"ECONNREFUSED"`), `errno` is its positive number here.
 *
 * @since 0.1.0
 * @category errors
 */
export class SocketFault extends Schema.TaggedError<SocketFault>("@ductworks/sockets/SocketFault")("SocketFault", {
  operation: Schema.String,
  /** The system's name of the error, such as `"EADDRINUSE"`. */
  code: Schema.String,
  errno: Schema.Number,
  /** What the system says it means. */
  problem: Schema.String,
  /** The address it was about, in text. */
  address: Schema.optional(Schema.String),
  /** Of `sendmmsg`: how many datagrams had left; the next one is what it is about. */
  sent: Schema.optional(Schema.Number)
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    const where = this.address === undefined ? "" : ` ${quoteText(this.address)}`
    const after = this.sent === undefined ? "" : `, after ${this.sent} datagrams had left`
    return `${this.operation}${where}: ${this.problem} (${this.code})${after}`
  }
}

/**
 * The socket is closed, or was while the operation waited.
 *
 * @since 0.1.0
 * @category errors
 */
export class SocketClosed extends Schema.TaggedError<SocketClosed>("@ductworks/sockets/SocketClosed")("SocketClosed", {
  operation: Schema.String
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: the socket is closed, or was meanwhile`
  }
}

/**
 * Another fiber already waits in this direction (shrapnel's `SimultaneousError`). Nothing was done.
 *
 * @since 0.1.0
 * @category errors
 */
export class SocketBusy extends Schema.TaggedError<SocketBusy>("@ductworks/sockets/SocketBusy")("SocketBusy", {
  operation: Schema.String,
  direction: Schema.Literal("read", "write")
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: another fiber already waits to ${this.direction} on this socket`
  }
}

/**
 * The stream ended before all bytes were here (Python's `EOFError`). What was is in `partial`.
 *
 * @since 0.1.0
 * @category errors
 */
export class EndOfFile extends Schema.TaggedError<EndOfFile>("@ductworks/sockets/EndOfFile")("EndOfFile", {
  operation: Schema.String,
  /** Bytes that were asked for. */
  expected: Schema.Number,
  partial: Schema.Uint8ArrayFromSelf
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `${this.operation}: the stream ended after ${this.partial.length} of ${this.expected} bytes`
  }
}

/**
 * The resolver knows no address (of the family asked for) of the name.
 *
 * @since 0.1.0
 * @category errors
 */
export class NameNotResolved extends Schema.TaggedError<NameNotResolved>("@ductworks/sockets/NameNotResolved")(
  "NameNotResolved",
  {
    hostname: Schema.String,
    /** The resolver's name of the error, such as `"ENOTFOUND"`. */
    code: Schema.optional(Schema.String),
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    return `cannot resolve ${quoteText(this.hostname)}${this.code === undefined ? "" : ` (${this.code})`}; is the name right?`
  }
}

/**
 * What any operation of a socket may fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type SocketError = SocketFault | SocketClosed | SocketBusy | Unsupported

/**
 * What operations with arguments that can be wrong fail with, too.
 *
 * @since 0.1.0
 * @category models
 */
export type ArgumentError = SocketError | InvalidArgument

/**
 * What operations with an address fail with, too.
 *
 * @since 0.1.0
 * @category models
 */
export type AddressError = ArgumentError | InvalidAddress

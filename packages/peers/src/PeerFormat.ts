/**
 * How the messages of a protocol look inside a packet.
 *
 * @since 0.1.0
 */
import type { DeserializeError, SerializeError } from "@ductworks/message/MessageError"
import * as Serializer from "@ductworks/message/Serializer"
import type * as Effect from "effect/Effect"
import * as internal from "./internal/format.js"

/**
 * What tells message types apart on the wire: an integer or a text. Texts that begin with `~` are the library's own.
 *
 * @since 0.1.0
 * @category models
 */
export type WireType = string | number

/**
 * A message as the wire has it, before the Schema of its type has seen the data.
 *
 * @since 0.1.0
 * @category models
 */
export interface Envelope {
  readonly type: WireType
  readonly data: unknown
  /** Ties a reply, or a cancel, to its request; only where the format is `hasControl`. */
  readonly id?: number | undefined
}

/**
 * A format. `encode` and `decode` return Effects; a synchronous format returns an `Exit`, and a socket looks at it
 * without running anything. What they throw is an undecodable packet, or a failed send.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerFormat {
  /** For errors. */
  readonly name: string
  /** Bytes of the largest body, in both directions. */
  readonly maxMessageBytes: number
  /** Whether it carries any wire type and the `id`: requests and heartbeats need it. */
  readonly hasControl: boolean
  /** The bytes outlive the send, as they may wait for a slow peer: they must not change any more. */
  readonly encode: (envelope: Envelope) => Effect.Effect<Uint8Array, SerializeError>
  readonly decode: (packet: Uint8Array) => Effect.Effect<Envelope, DeserializeError>
}

/**
 * Bodies `[type, data]`, and `[type, data, id]` where there is an id, in any serializer that knows arrays: also that of
 * `@ductworks/message/MessagePack`. The socket's own messages are:
 *
 * - `[type, data, id]`: a request
 * - `["~reply", data, id]`: its reply
 * - `["~error", reason, id]`: there will be no reply; the reasons are those of `RequestFailed`
 * - `["~cancel", null, id]`: the caller does not wait any more
 * - `["~beat", null]`: a heartbeat
 *
 * @since 0.1.0
 * @category formats
 */
export const fromSerializer: (serializer: Serializer.Serializer<unknown>) => PeerFormat = internal.fromSerializer

/**
 * Bodies `[type, data]` in JSON, the default of protocols: {@link fromSerializer} over `Serializer.json`.
 *
 * @since 0.1.0
 * @category formats
 */
export const json = (options?: { readonly maxMessageBytes?: number }): PeerFormat =>
  internal.fromSerializer(Serializer.json(options))

/**
 * The packet is the data, of one message type (default 0): bytes as they are; any other data is sent as its text
 * (`String(data)`, UTF-8). What arrives is always bytes. No requests, no heartbeats.
 *
 * @since 0.1.0
 * @category formats
 */
export const raw: (options?: { readonly type?: WireType; readonly maxMessageBytes?: number }) => PeerFormat =
  internal.raw

/**
 * The packet is a text, of one message type (default 0), for transports that cut a stream into lines. UTF-8; bad bytes
 * arrive as U+FFFD; a carriage return at the end is dropped. No requests, no heartbeats.
 *
 * @since 0.1.0
 * @category formats
 */
export const lines: (options?: { readonly type?: WireType; readonly maxMessageBytes?: number }) => PeerFormat =
  internal.lines

/**
 * A format from two synchronous functions, which may throw: the packet is then undecodable, or the send fails. The bytes
 * that `encode` gives must not change any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (options: {
  readonly name: string
  readonly encode: (envelope: Envelope) => Uint8Array | string
  readonly decode: (packet: Uint8Array) => Envelope
  /** Whether every wire type and the `id` make the round trip. Default false. */
  readonly hasControl?: boolean
  /** Bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number
}) => PeerFormat = internal.make

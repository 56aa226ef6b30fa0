import { andThen } from "@ductworks/core/Settled"
import { DeserializeError } from "@ductworks/message/MessageError"
import * as Serializer from "@ductworks/message/Serializer"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Envelope, PeerFormat, WireType } from "../PeerFormat.js"
import { ownCopy } from "./ownCopy.js"

const utf8 = new TextEncoder()

/** A body as bytes, whichever of the two a serializer gave. */
export const toBytes = (body: Uint8Array | string): Uint8Array => (typeof body === "string" ? utf8.encode(body) : body)

const bodyBytes = (body: Uint8Array | string): Effect.Effect<Uint8Array> => Exit.succeed(toBytes(body))

const isWireType = (u: unknown): u is WireType => typeof u === "string" || Number.isSafeInteger(u)

export const fromSerializer = (serializer: Serializer.Serializer<unknown>): PeerFormat => {
  const { maxMessageBytes, name } = serializer
  const malformed = (size: number, problem: string) =>
    Exit.fail(new DeserializeError({ serializer: name, problem, size }))

  const open = (value: unknown, size: number): Effect.Effect<Envelope, DeserializeError> => {
    if (!Array.isArray(value) || value.length < 1 || value.length > 3) {
      return malformed(size, "a message is an array of type, data and perhaps an id")
    }
    const parts: ReadonlyArray<unknown> = value
    const [type, data, id] = parts
    if (!isWireType(type)) return malformed(size, "the type of a message is an integer or a text")
    if (id === undefined) return Exit.succeed({ type, data })
    if (typeof id !== "number" || !Number.isSafeInteger(id)) return malformed(size, "the id of a message is an integer")
    return Exit.succeed({ type, data, id })
  }

  return {
    name,
    maxMessageBytes,
    hasControl: true,
    encode: ({ data, id, type }) =>
      andThen(serializer.encode(id === undefined ? [type, data] : [type, data, id]), bodyBytes),
    decode: (packet) => andThen(serializer.decode(packet), (value) => open(value, packet.length))
  }
}

/** One message type, whose data is the whole packet. */
const single = (serializer: Serializer.Serializer<unknown>, type: WireType): PeerFormat => ({
  name: serializer.name,
  maxMessageBytes: serializer.maxMessageBytes,
  hasControl: false,
  encode: ({ data }) => andThen(serializer.encode(data), bodyBytes),
  decode: (packet) => andThen(serializer.decode(packet), (data) => Exit.succeed({ type, data }))
})

interface SingleOptions {
  readonly type?: WireType
  readonly maxMessageBytes?: number
}

export const raw = ({ type = 0, ...limits }: SingleOptions = {}): PeerFormat => {
  const { maxMessageBytes } = Serializer.bytes
  const decode = (packet: Uint8Array): unknown =>
    packet.length * 2 >= packet.buffer.byteLength ? packet : new Uint8Array(packet)
  const encode = (data: unknown) => (data instanceof Uint8Array ? ownCopy(data) : String(data))
  return single(Serializer.make<unknown>({ name: "raw", maxMessageBytes, encode, decode, ...limits }), type)
}

export const lines = ({ type = 0, ...limits }: SingleOptions = {}): PeerFormat => {
  const decode = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line)
  return single(Serializer.fromText<unknown>({ name: "lines", encode: String, decode, ...limits }), type)
}

export const make = (options: {
  readonly name: string
  readonly encode: (envelope: Envelope) => Uint8Array | string
  readonly decode: (packet: Uint8Array) => Envelope
  readonly hasControl?: boolean
  readonly maxMessageBytes?: number
}): PeerFormat => {
  const { hasControl = false, ...rest } = options
  const serializer = Serializer.make<Envelope>(rest)
  return {
    name: serializer.name,
    maxMessageBytes: serializer.maxMessageBytes,
    hasControl,
    encode: (envelope) => andThen(serializer.encode(envelope), bodyBytes),
    decode: serializer.decode
  }
}

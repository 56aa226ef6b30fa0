/**
 * Where a duct's end is: a Unix socket, a TCP endpoint, an inherited descriptor or a name in memory. The Unix and TCP
 * shapes are those of `@effect/platform`'s `SocketServer`.
 *
 * @since 0.1.0
 */
import * as Exit from "effect/Exit"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { InvalidAddress } from "./DuctError.js"

/**
 * A Unix domain socket. A path that starts with `\0` is an abstract name (Linux); an empty path is an unnamed socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnixAddress {
  readonly _tag: "UnixAddress"
  readonly path: string
}

/**
 * A TCP endpoint: an IPv4 or IPv6 address or a name, and a port from 0 (any free one, to listen) to 65535.
 *
 * @since 0.1.0
 * @category models
 */
export interface TcpAddress {
  readonly _tag: "TcpAddress"
  readonly hostname: string
  readonly port: number
}

/**
 * A connected stream socket that this process inherited as descriptor `fd`.
 *
 * @since 0.1.0
 * @category models
 */
export interface FdAddress {
  readonly _tag: "FdAddress"
  readonly fd: number
}

/**
 * A name known to one memory transport.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryAddress {
  readonly _tag: "MemoryAddress"
  readonly name: string
}

/**
 * Where an end of a duct is, as plain data; {@link format} writes it. Whether it can be used is the transport's to say
 * (`InvalidAddress`, `Unsupported`).
 *
 * @since 0.1.0
 * @category models
 */
export type Address = UnixAddress | TcpAddress | FdAddress | MemoryAddress

/**
 * Whether the value is one of the four kinds of address, each field of its type. What it says may still be of no use.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAddress = (u: unknown): u is Address => {
  if (!Predicate.hasProperty(u, "_tag")) return false
  switch (u._tag) {
    case "UnixAddress":
      return Predicate.hasProperty(u, "path") && Predicate.isString(u.path)
    case "TcpAddress":
      return (
        Predicate.hasProperty(u, "hostname") &&
        Predicate.isString(u.hostname) &&
        Predicate.hasProperty(u, "port") &&
        Predicate.isNumber(u.port)
      )
    case "FdAddress":
      return Predicate.hasProperty(u, "fd") && Predicate.isNumber(u.fd)
    case "MemoryAddress":
      return Predicate.hasProperty(u, "name") && Predicate.isString(u.name)
    default:
      return false
  }
}

/**
 * The address of a Unix socket at the path, which is taken as it is: a transport says what is wrong with it, such as
 * its length.
 *
 * @since 0.1.0
 * @category constructors
 */
export const UnixAddress = (path: string): UnixAddress => ({ _tag: "UnixAddress", path })

/**
 * The address of a TCP endpoint. An IPv6 address is given without brackets; the port is checked by whoever uses it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const TcpAddress = (hostname: string, port: number): TcpAddress => ({ _tag: "TcpAddress", hostname, port })

/**
 * The address of an inherited descriptor, to connect over. Nothing is opened or looked at here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const FdAddress = (fd: number): FdAddress => ({ _tag: "FdAddress", fd })

/**
 * The address of a name in memory. It means something only to the memory transport that bound it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const MemoryAddress = (name: string): MemoryAddress => ({ _tag: "MemoryAddress", name })

/**
 * The text form, which {@link fromString} reads back: `unix:/run/app.sock`, `unix:@abstract`, `unix:` (unnamed),
 * `tcp://127.0.0.1:7000`, `tcp://[::1]:0`, `fd:3`, `memory:name`. A Unix path that itself starts with `@` is written
 * `unix:./@name`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const format = (address: Address): string => {
  switch (address._tag) {
    case "UnixAddress": {
      const { path } = address
      return path.startsWith("\0") ? `unix:@${path.slice(1)}` : path.startsWith("@") ? `unix:./${path}` : `unix:${path}`
    }
    case "TcpAddress":
      // Joined, since V8 keeps the parts of a text that was added up, and a server keeps this one of each peer.
      return address.hostname.includes(":")
        ? ["tcp://[", address.hostname, "]:", address.port].join("")
        : ["tcp://", address.hostname, ":", address.port].join("")
    case "FdAddress":
      return `fd:${address.fd}`
    case "MemoryAddress":
      return `memory:${address.name}`
  }
}

const decimal = (text: string, largest: number): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) <= largest ? Number(text) : undefined

const parse = (text: string): Address | string => {
  if (text.startsWith("unix:")) {
    const path = text.slice(5)
    if (path.slice(1).includes("\0") || path.startsWith("\0")) return "a path cannot contain NUL"
    return UnixAddress(path.startsWith("@") ? `\0${path.slice(1)}` : path)
  }
  if (text.startsWith("tcp://")) {
    const match = /^(?:\[([^\]\s]+)\]|([^:[\]/\s]+)):([^:]*)$/.exec(text.slice(6))
    if (match === null) return "expected tcp://host:port, with an IPv6 address in brackets"
    const port = decimal(match[3] ?? "", 65535)
    return port === undefined
      ? "the port must be a decimal number from 0 to 65535"
      : TcpAddress(match[1] ?? match[2] ?? "", port)
  }
  if (text.startsWith("fd:")) {
    const fd = decimal(text.slice(3), 0x7fffffff)
    return fd === undefined ? "the descriptor must be a decimal number from 0 to 2147483647" : FdAddress(fd)
  }
  if (text.startsWith("memory:")) {
    return text.length > 7 ? MemoryAddress(text.slice(7)) : "a memory address needs a name"
  }
  return "expected unix:<path>, unix:@<abstract name>, tcp://<host>:<port>, fd:<number> or memory:<name>"
}

/**
 * Reads the text form of {@link format}. The result is an `Exit`, which is also an Effect: `yield* fromString(text)`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromString = (text: string): Exit.Exit<Address, InvalidAddress> => {
  const parsed = parse(text)
  return typeof parsed === "string"
    ? Exit.fail(new InvalidAddress({ address: text, problem: parsed }))
    : Exit.succeed(parsed)
}

/**
 * An address from its text form, for `Schema.Config` and messages.
 *
 * @example
 * import { Address } from "@ductworks/core"
 * import { Schema } from "effect"
 *
 * const socket = Schema.decodeSync(Address.FromString)("unix:/run/app.sock")
 * console.assert(socket._tag === "UnixAddress")
 *
 * @since 0.1.0
 * @category schemas
 */
export const FromString: Schema.Schema<Address, string> = Schema.transformOrFail(
  Schema.String,
  Schema.declare(isAddress, { identifier: "DuctAddress" }),
  {
    strict: true,
    decode: (text, _, ast) => {
      const parsed = parse(text)
      return typeof parsed === "string"
        ? ParseResult.fail(new ParseResult.Type(ast, text, parsed))
        : ParseResult.succeed(parsed)
    },
    encode: (address) => ParseResult.succeed(format(address))
  }
)

/**
 * The addresses of sockets: an IP address and a port, or a path.
 *
 * @since 0.1.0
 */
import { UnixAddress } from "@ductworks/core/Address"

/**
 * An IPv4 or IPv6 address in text, or the empty text for any, and a port from 0 to 65535. An IPv6 address may name its
 * zone: `fe80::1%eth0`. Where names are resolved, `ip` may also be a name.
 *
 * @since 0.1.0
 * @category models
 */
export interface InetAddress {
  readonly _tag: "InetAddress"
  readonly ip: string
  readonly port: number
}

/**
 * Where a socket is. The socket's domain says which kind it takes.
 *
 * @since 0.1.0
 * @category models
 */
export type SocketAddress = InetAddress | UnixAddress

/**
 * An address as it is given: a {@link SocketAddress}; `[ip, port]`; or the path of a Unix socket, where a first NUL makes
 * it an abstract name.
 *
 * @since 0.1.0
 * @category models
 */
export type AddressInput = SocketAddress | readonly [ip: string, port: number] | string

/**
 * An IP address and a port. Nothing is checked here: the operation that uses it does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const InetAddress = (ip: string, port: number): InetAddress => ({ _tag: "InetAddress", ip, port })

export {
  /**
   * The path of a Unix socket; `""` for one that has no name.
   *
   * @since 0.1.0
   * @category constructors
   */
  UnixAddress
}

/**
 * The address that was meant.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromInput = (input: AddressInput): SocketAddress =>
  typeof input === "string" ? UnixAddress(input) : "_tag" in input ? input : InetAddress(input[0], input[1])

/**
 * The text form: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`, `unix:@abstract`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const format = (address: SocketAddress): string => {
  if (address._tag === "UnixAddress") {
    return `unix:${address.path.startsWith("\0") ? `@${address.path.slice(1)}` : address.path}`
  }
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
}

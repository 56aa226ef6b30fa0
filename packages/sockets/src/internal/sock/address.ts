import { InvalidAddress } from "@ductworks/core/DuctError"
import { Buffer } from "node:buffer"
import * as net from "node:net"
import { format, type InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { AF } from "../../SocketConstants.js"

/** What is wrong with an address for a socket of that domain; `undefined` where nothing is. Nothing is asked of the system. */
export const checkAddress = (
  domain: number,
  address: SocketAddress,
  isDestination: boolean
): InvalidAddress | undefined => {
  const problem = problemOf(domain, address, isDestination)
  return problem === undefined ? undefined : new InvalidAddress({ address: format(address), problem })
}

/** Whether it is an address rather than a name. */
export const isNumeric = (address: SocketAddress): boolean =>
  address._tag === "UnixAddress" || address.ip === "" || net.isIP(address.ip) !== 0

/** 4 or 6. */
export const ipVersion = (domain: number): 4 | 6 => (domain === AF.INET6 ? 6 : 4)

const problemOf = (domain: number, address: SocketAddress, isDestination: boolean): string | undefined => {
  if (domain === AF.UNIX) {
    return address._tag === "UnixAddress"
      ? pathProblem(address.path, isDestination)
      : "this is a Unix socket, whose addresses are paths"
  }
  if (domain !== AF.INET && domain !== AF.INET6) return "a descriptor of this kind has no addresses"
  if (address._tag === "UnixAddress") return "this is an IP socket, whose addresses are [ip, port]"
  return ipProblem(domain, address, isDestination) ?? portProblem(address, isDestination)
}

const ipProblem = (domain: number, { ip }: InetAddress, isDestination: boolean): string | undefined => {
  if (ip === "") return isDestination ? "the IP address is missing" : undefined
  const version = net.isIP(ip)
  if (version === 0) return "this is no IP address"
  return version === ipVersion(domain)
    ? undefined
    : `this is an IPv${version} address, and the socket's addresses are IPv${ipVersion(domain)}`
}

const portProblem = (address: InetAddress, isDestination: boolean): string | undefined => {
  const lowest = isDestination ? 1 : 0
  return Number.isInteger(address.port) && address.port >= lowest && address.port <= 65535
    ? undefined
    : `the port must be a whole number from ${lowest} to 65535`
}

// `sizeof(sockaddr_un.sun_path)`, of which a path leaves one for the final NUL.
const pathRoom = process.platform === "linux" ? 108 : 104

const pathProblem = (path: string, isDestination: boolean): string | undefined => {
  if (path === "") return isDestination ? "the path is missing" : undefined
  if (path.startsWith("\0")) return abstractProblem(path)
  if (path.includes("\0")) return "a path cannot contain NUL"
  const bytes = Buffer.byteLength(path)
  return bytes < pathRoom
    ? undefined
    : `the path has ${bytes} bytes, and a Unix socket's path at most ${pathRoom - 1} on this platform`
}

const abstractProblem = (path: string): string | undefined => {
  if (process.platform !== "linux") return "only Linux has abstract names; use a path"
  const bytes = Buffer.byteLength(path) - 1
  if (bytes === 0) return "an abstract name cannot be empty"
  return bytes < pathRoom ? undefined : `the abstract name has ${bytes} bytes, and can have at most ${pathRoom - 1}`
}

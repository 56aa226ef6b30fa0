import { type Address, type FdAddress, format, type TcpAddress, type UnixAddress } from "@ductworks/core/Address"
import { InvalidAddress, Unsupported } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"

/** `sizeof(sockaddr_un.sun_path) - 1`: 108 bytes on Linux, 104 on macOS and the BSDs, one of them for the final NUL. */
export const pathLimit = process.platform === "linux" ? 107 : 103

const nodeMajor = Number.parseInt(process.versions.node, 10)

export const isAbstract = (address: UnixAddress): boolean => address.path.startsWith("\0")

/** The system never sees a path that it would cut off: Node 20 passes over-long paths on, shortened. */
const pathProblem = (path: string): string | undefined => {
  const bytes = Buffer.byteLength(path)
  if (path.length === 0) return "the path of a Unix socket cannot be empty"
  if (path.indexOf("\0", 1) > 0) return "a path cannot contain NUL"
  if (path === "\0") return "an abstract name cannot be empty"
  if (path.endsWith("/")) return "the path of a Unix socket cannot end with a slash"
  return bytes > pathLimit
    ? `the path has ${bytes} bytes, and a Unix socket's path at most ${pathLimit} on this platform`
    : undefined
}

/** Node takes an empty one for all interfaces. */
export const hostProblem = (hostname: string): string | undefined => {
  if (hostname.length === 0) return "the hostname cannot be empty"
  return /[\s\0]/.test(hostname) ? "a hostname cannot contain spaces or NUL" : undefined
}

/** What is wrong with an endpoint, whose port may be 0 only to listen. */
export const tcpProblem = ({ hostname, port }: TcpAddress, lowestPort: number): string | undefined => {
  const isPort = Number.isInteger(port) && port >= lowestPort && port <= 65535
  return hostProblem(hostname) ?? (isPort ? undefined : `the port must be a whole number from ${lowestPort} to 65535`)
}

const invalid = (address: Address, problem: string | undefined): Effect.Effect<void, InvalidAddress> =>
  problem === undefined ? Effect.void : new InvalidAddress({ address: format(address), problem })

const fdProblem = ({ fd }: FdAddress): string | undefined =>
  Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff
    ? undefined
    : "a descriptor is a whole number from 0 to 2147483647"

const unsupported = (operation: string, problem: string): Unsupported => new Unsupported({ operation, problem })

/** `Unsupported` where Unix sockets, or abstract names, are none. */
export const checkUnix = (
  operation: "connect" | "listen",
  address: UnixAddress
): Effect.Effect<UnixAddress, InvalidAddress | Unsupported> => {
  if (process.platform === "win32") {
    return unsupported(operation, "Node has no Unix sockets on Windows; use TCP")
  }
  if (isAbstract(address) && process.platform !== "linux") {
    return unsupported(operation, "only Linux has abstract names; use a path")
  }
  return Effect.as(invalid(address, pathProblem(address.path)), address)
}

/** `Unsupported` where `node:net` makes another name of an abstract one. */
export const checkNodeName = (operation: "connect" | "listen", address: Address): Effect.Effect<void, Unsupported> =>
  // libuv pads the name with NULs to 108 bytes before uv_pipe_bind2: a different name to every other program.
  address._tag === "UnixAddress" && isAbstract(address) && nodeMajor < 22
    ? unsupported(operation, "abstract names need Node 22 or later, or SocketTransport; use a path")
    : Effect.void

const memoryProblem = "sockets have no memory addresses; provide MemoryTransport of @ductworks/testing"

/** The address, if a socket can connect to it. Nothing is asked of the system. */
export const checkConnect = (
  address: Address
): Effect.Effect<UnixAddress | TcpAddress | FdAddress, InvalidAddress | Unsupported> => {
  switch (address._tag) {
    case "UnixAddress":
      return checkUnix("connect", address)
    case "TcpAddress":
      return Effect.as(invalid(address, tcpProblem(address, 1)), address)
    case "FdAddress":
      return Effect.as(invalid(address, fdProblem(address)), address)
    case "MemoryAddress":
      return unsupported("connect", memoryProblem)
  }
}

/** The address, if a socket can listen at it. Nothing is asked of the system. */
export const checkListen = (
  address: Address
): Effect.Effect<UnixAddress | TcpAddress, InvalidAddress | Unsupported> => {
  switch (address._tag) {
    case "UnixAddress":
      return checkUnix("listen", address)
    case "TcpAddress":
      return Effect.as(invalid(address, tcpProblem(address, 0)), address)
    case "FdAddress":
      return unsupported("listen", "an inherited descriptor is already connected; use connect")
    case "MemoryAddress":
      return unsupported("listen", memoryProblem)
  }
}

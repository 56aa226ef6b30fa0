import { TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as net from "node:net"
import { InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { AF } from "../../SocketConstants.js"

/** The address that means any of this machine's. */
export const anyIp = (domain: number): string => (domain === AF.INET6 ? "::" : "0.0.0.0")

/** What a socket of that domain is called before it has a name. */
export const unnamed = (domain: number): SocketAddress =>
  domain === AF.UNIX ? UnixAddress("") : InetAddress(anyIp(domain), 0)

/** As ducts call it, with any address spelt out. */
export const toDuct = (domain: number, address: SocketAddress): TcpAddress | UnixAddress =>
  address._tag === "UnixAddress" ? address : TcpAddress(address.ip === "" ? anyIp(domain) : address.ip, address.port)

/** As sockets call it. */
export const fromDuct = (address: TcpAddress | UnixAddress): SocketAddress =>
  address._tag === "UnixAddress" ? address : InetAddress(address.hostname, address.port)

/** The two ends of a connected TCP socket, as far as the system still tells. */
export const localOf = (socket: net.Socket): SocketAddress =>
  InetAddress(socket.localAddress ?? "", socket.localPort ?? 0)

export const remoteOf = (socket: net.Socket): SocketAddress =>
  InetAddress(socket.remoteAddress ?? "", socket.remotePort ?? 0)

/** `udp://host:port`, as peers write it. */
import { InvalidAddress } from "@ductworks/core/DuctError"
import * as net from "node:net"

/** A host and a port. */
export interface Place {
  readonly host: string
  readonly port: number
}

export const formatUdp = (host: string, port: number): string =>
  host.includes(":") ? `udp://[${host}]:${port}` : `udp://${host}:${port}`

/** The target, or what is wrong with the text. */
export const parseUdp = (text: string): Place | InvalidAddress => {
  const match = /^udp:\/\/(?:\[([^\]\s]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port >= 1 && port <= 65535)) {
    return new InvalidAddress({ address: text, problem: "expected udp://host:port, with an IPv6 address in brackets" })
  }
  return { host, port }
}

/** The address as the system would write it, so that one peer has one id. */
export const canonical = (address: string): string => {
  if (!net.isIPv6(address)) return address
  const [bare = address, zone] = address.split("%")
  const written = new net.SocketAddress({ address: bare, family: "ipv6" }).address
  return zone === undefined ? written : `${written}%${zone}`
}

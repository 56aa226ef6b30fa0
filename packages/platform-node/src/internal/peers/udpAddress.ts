/** `udp://host:port`, as peers write it, and what it comes to for a socket of either family. */
import { InvalidAddress } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as dns from "node:dns"
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
    const problem = "expected udp://host:port, with a port from 1 to 65535, and an IPv6 address in brackets"
    return new InvalidAddress({ address: text, problem })
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

/** Whether a socket of this family cannot reach it. */
export const isForeign = (host: string, isV6: boolean): boolean => !isV6 && net.isIPv6(host)

/** An address as a socket of this family writes it; `undefined`: a name. */
export const literalOf = (host: string, isV6: boolean): string | undefined => {
  // An IPv6 socket that takes both writes IPv4 sources so.
  if (net.isIPv4(host)) return isV6 ? `::ffff:${host}` : host
  return net.isIPv6(host) ? canonical(host) : undefined
}

/** The same of what may be a name, which the system is asked for. */
export const addressOf = (host: string, isV6: boolean): Effect.Effect<string, Error> => {
  const literal = literalOf(host, isV6)
  if (literal !== undefined) return Exit.succeed(literal)
  return Effect.async((resume) => {
    dns.lookup(host, isV6 ? { family: 6, hints: dns.V4MAPPED } : { family: 4 }, (cause, address) =>
      resume(cause === null ? Exit.succeed(canonical(address)) : Exit.fail(cause))
    )
  })
}

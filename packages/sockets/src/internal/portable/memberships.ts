import type * as dgram from "node:dgram"
import { networkInterfaces } from "node:os"
import { AF } from "../../SocketConstants.js"

/** A multicast group, on an interface or one of the system's choice. */
export interface Membership {
  readonly group: string
  readonly interfaceName: string | undefined
}

/** Joins or leaves; throws what the system says. */
export const change = (socket: dgram.Socket, domain: number, isJoin: boolean, membership: Membership): void => {
  const where = membership.interfaceName === undefined ? undefined : interfaceOf(domain, membership.interfaceName)
  if (isJoin) socket.addMembership(membership.group, where)
  else socket.dropMembership(membership.group, where)
}

// Node names an interface by an address of it; for IPv6, by any address with its zone.
const interfaceOf = (domain: number, name: string): string => {
  const known = networkInterfaces()[name] ?? []
  const address =
    domain === AF.INET6 ? known[0] && `::%${name}` : known.find(({ family }) => family === "IPv4")?.address
  if (address === undefined) throw Object.assign(new Error("there is no such interface"), { code: "ENODEV" })
  return address
}

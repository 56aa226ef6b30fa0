import type * as dgram from "node:dgram"
import { networkInterfaces } from "node:os"
import { AF } from "../../SocketConstants.js"

/** A multicast group, on an interface or one of the system's choice. */
export interface Membership {
  readonly group: string
  readonly interfaceName: string | undefined
}

/** The groups of a datagram socket: noted until it is bound, which joins them. All throw what the system says. */
export class Memberships {
  private noted: Array<Membership> = []

  constructor(private readonly domain: number) {}

  /** Joins what was noted on a socket that was bound. */
  apply(socket: dgram.Socket): void {
    for (const membership of this.noted) change(socket, this.domain, true, membership)
  }

  change(socket: dgram.Socket | undefined, isJoin: boolean, membership: Membership): void {
    if (socket !== undefined) change(socket, this.domain, isJoin, membership)
    else if (isJoin) this.note(membership)
    else this.forget(membership)
  }

  // What the system would refuse is refused at once: noted, it would fail every bind.
  private note(membership: Membership): void {
    if (!isMulticast(membership.group)) throw withCode("not a multicast address", "EINVAL")
    if (membership.interfaceName !== undefined) interfaceOf(this.domain, membership.interfaceName)
    if (this.noted.some(isSame(membership))) throw withCode("a member already", "EADDRINUSE")
    this.noted.push(membership)
  }

  private forget(membership: Membership): void {
    const isIt = isSame(membership)
    const others = this.noted.filter((known) => !isIt(known))
    if (others.length === this.noted.length) throw withCode("not a member of the group", "EADDRNOTAVAIL")
    this.noted = others
  }
}

const isSame =
  ({ group, interfaceName }: Membership) =>
  (other: Membership): boolean =>
    other.group === group && other.interfaceName === interfaceName

/** 224.0.0.0/4, or ff00::/8. */
const isMulticast = (group: string): boolean => {
  const first = Number.parseInt(group)
  return group.includes(":") ? /^ff/i.test(group) : first >= 224 && first < 240
}

const change = (socket: dgram.Socket, domain: number, isJoin: boolean, membership: Membership): void => {
  const where = membership.interfaceName === undefined ? undefined : interfaceOf(domain, membership.interfaceName)
  if (isJoin) socket.addMembership(membership.group, where)
  else socket.dropMembership(membership.group, where)
}

// Node names an interface by an address of it; for IPv6, by any address with its zone.
const interfaceOf = (domain: number, name: string): string => {
  const known = networkInterfaces()[name] ?? []
  const address =
    domain === AF.INET6 ? known[0] && `::%${name}` : known.find(({ family }) => family === "IPv4")?.address
  if (address === undefined) throw withCode("there is no such interface", "ENODEV")
  return address
}

const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })

import type * as dgram from "node:dgram"
import { AF, IP, IPPROTO, IPV6, SO, SOCK, SOL } from "../../SocketConstants.js"
import { failed, failureOf } from "./failure.js"
import { readInt, writeInts } from "./integers.js"

/** How an option is set on a bound socket, and what it is before anybody does. */
interface Kind {
  readonly key: string
  readonly initial: number | undefined
  /** What it may be: of a switch, whatever is given comes to one of the two. */
  readonly range: "switch" | readonly [lowest: number, highest: number]
  readonly set: (socket: dgram.Socket, value: number) => void
  readonly get?: (socket: dgram.Socket) => number
}

const anySize = [0, 0x7fffffff] as const

const broadcast: Kind = {
  key: "broadcast",
  initial: 0,
  range: "switch",
  set: (socket, value) => socket.setBroadcast(value !== 0)
}
const ttl: Kind = { key: "ttl", initial: 64, range: [1, 255], set: (socket, value) => socket.setTTL(value) }
const multicastTtl: Kind = {
  key: "multicastTtl",
  initial: 1,
  range: [0, 255],
  set: (socket, value) => socket.setMulticastTTL(value)
}
const loopback: Kind = {
  key: "loopback",
  initial: 1,
  range: "switch",
  set: (socket, value) => socket.setMulticastLoopback(value !== 0)
}
const sendBuffer: Kind = {
  key: "sendBuffer",
  initial: undefined,
  range: anySize,
  set: (socket, value) => socket.setSendBufferSize(value),
  get: (socket) => socket.getSendBufferSize()
}
const receiveBuffer: Kind = {
  key: "receiveBuffer",
  initial: undefined,
  range: anySize,
  set: (socket, value) => socket.setRecvBufferSize(value),
  get: (socket) => socket.getRecvBufferSize()
}

const kindOf = (domain: number, level: number, name: number): Kind | undefined => {
  if (level === SOL.SOCKET && name === SO.BROADCAST) return broadcast
  if (level === SOL.SOCKET && name === SO.SNDBUF) return sendBuffer
  if (level === SOL.SOCKET && name === SO.RCVBUF) return receiveBuffer
  if (domain === AF.INET && level === IPPROTO.IP) {
    if (name === IP.TTL) return ttl
    if (name === IP.MULTICAST_TTL) return multicastTtl
    if (name === IP.MULTICAST_LOOP) return loopback
  }
  if (domain === AF.INET6 && level === IPPROTO.IPV6) {
    if (name === IPV6.UNICAST_HOPS) return ttl
    if (name === IPV6.MULTICAST_HOPS) return multicastTtl
    if (name === IPV6.MULTICAST_LOOP) return loopback
  }
  return undefined
}

/** The options of a datagram socket, as far as `node:dgram` has them: kept here until it is bound, which sets them. */
export class DatagramOptions {
  private readonly values = new Map<Kind, number>()
  private reuseAddr = 0
  private ipv6Only = 0

  constructor(private readonly domain: number) {}

  /** What is told when the socket is made. */
  get creation() {
    return { reuseAddr: this.reuseAddr !== 0, ipv6Only: this.ipv6Only !== 0 }
  }

  /** Sets all on a socket that was bound; throws what the system says. */
  apply(socket: dgram.Socket): void {
    for (const [kind, value] of this.values) kind.set(socket, value)
  }

  get(socket: dgram.Socket | undefined, level: number, name: number, out: Uint8Array): number {
    if (level === SOL.SOCKET && name === SO.TYPE) return writeInts(out, [SOCK.DGRAM])
    if (level === SOL.SOCKET && name === SO.REUSEADDR) return writeInts(out, [this.reuseAddr])
    if (this.isIpv6Only(level, name)) return writeInts(out, [this.ipv6Only])
    const kind = kindOf(this.domain, level, name)
    if (kind === undefined) return failed("EOPNOTSUPP")
    const value = socket !== undefined && kind.get ? kind.get(socket) : (this.values.get(kind) ?? kind.initial)
    return value === undefined ? failed("EOPNOTSUPP") : writeInts(out, [value])
  }

  set(socket: dgram.Socket | undefined, level: number, name: number, value: Uint8Array): number {
    const integer = readInt(value)
    if (integer === undefined) return failed("EINVAL")
    if (level === SOL.SOCKET && name === SO.REUSEADDR) {
      if (socket !== undefined && (integer !== 0) !== (this.reuseAddr !== 0)) return failed("EOPNOTSUPP")
      this.reuseAddr = integer === 0 ? 0 : 1
      return 0
    }
    if (this.isIpv6Only(level, name)) {
      if (socket !== undefined) return failed("EINVAL")
      this.ipv6Only = integer === 0 ? 0 : 1
      return 0
    }
    const kind = kindOf(this.domain, level, name)
    if (kind === undefined) return failed("EOPNOTSUPP")
    if (kind.range === "switch") return this.setKind(socket, kind, integer === 0 ? 0 : 1)
    const [lowest, highest] = kind.range
    // At once, as the system does: noted, it would fail every bind.
    return integer < lowest || integer > highest ? failed("EINVAL") : this.setKind(socket, kind, integer)
  }

  private isIpv6Only(level: number, name: number): boolean {
    return this.domain === AF.INET6 && level === IPPROTO.IPV6 && name === IPV6.V6ONLY
  }

  private setKind(socket: dgram.Socket | undefined, kind: Kind, value: number): number {
    try {
      if (socket !== undefined) kind.set(socket, value)
    } catch (cause) {
      return failureOf(cause)
    }
    this.values.set(kind, value)
    return 0
  }
}

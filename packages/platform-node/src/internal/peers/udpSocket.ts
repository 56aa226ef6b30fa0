import { BindFailed, InvalidArgument } from "@ductworks/core/DuctError"
import type { BindError } from "@ductworks/peers/PeerError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as dgram from "node:dgram"
import * as dns from "node:dns"
import * as net from "node:net"
import type { UdpOptions } from "../../NodePeers.js"
import { hostProblem } from "../addresses.js"
import { details, reasonOf } from "../errno.js"
import { formatUdp } from "./udpAddress.js"

/** A socket of Node's with these settings, which whoever runs this owns. */
export const boundSocket = (options: UdpOptions): Effect.Effect<dgram.Socket, BindError> =>
  Effect.async((resume) => {
    const { host = "127.0.0.1", port = 0 } = options
    const problem = hostProblem(host) ?? problemOf(options)
    if (problem !== undefined) return resume(Exit.fail(new InvalidArgument({ operation: "bind", problem })))
    const socket = open(options, host)
    const fail = (cause: unknown) => {
      socket.off("error", fail).close()
      const address = formatUdp(host, port)
      resume(Exit.fail(new BindFailed({ reason: reasonOf(cause), address, ...details(cause) })))
    }
    socket.once("error", fail)
    socket.bind({ address: host, port }, () => {
      try {
        tune(socket, options)
      } catch (cause) {
        return fail(cause)
      }
      socket.off("error", fail)
      resume(Exit.succeed(socket))
    })
    return Effect.sync(() => socket.off("error", fail).close())
  })

// A buffer's size is an int of C.
const wholeNumbers = [
  ["port", 0, 65535],
  ["receiveBufferBytes", 1, 2 ** 31 - 1],
  ["sendBufferBytes", 1, 2 ** 31 - 1]
] as const

const problemOf = (options: UdpOptions): string | undefined => {
  for (const [name, least, most] of wholeNumbers) {
    const { [name]: value = least } = options
    if (Number.isInteger(value) && value >= least && value <= most) continue
    return `${name} must be a whole number from ${least} to ${most}, not ${value}`
  }
  return undefined
}

const open = (options: UdpOptions, host: string): dgram.Socket =>
  dgram.createSocket({
    type: net.isIPv6(host) ? "udp6" : "udp4",
    reuseAddr: options.reuseAddress ?? (options.multicast?.groups?.length ?? 0) > 0,
    ipv6Only: options.ipv6Only ?? false,
    lookup,
    ...(options.receiveBufferBytes === undefined ? {} : { recvBufferSize: options.receiveBufferBytes }),
    ...(options.sendBufferBytes === undefined ? {} : { sendBufferSize: options.sendBufferBytes })
  })

/**
 * Nearly every target is an address, and `dns.lookup` answers those in the next tick only: the datagram would leave later
 * and cost a seventh more.
 */
const lookup: NonNullable<dgram.SocketOptions["lookup"]> = (host, options, answer) => {
  const family = net.isIP(host)
  if (family === 0) dns.lookup(host, options, answer)
  else answer(null, host, family)
}

const tune = (socket: dgram.Socket, { broadcast = false, multicast = {} }: UdpOptions): void => {
  if (broadcast) socket.setBroadcast(true)
  if (multicast.interface !== undefined) socket.setMulticastInterface(multicast.interface)
  if (multicast.ttl !== undefined) socket.setMulticastTTL(multicast.ttl)
  if (multicast.loopback !== undefined) socket.setMulticastLoopback(multicast.loopback)
  for (const group of multicast.groups ?? []) socket.addMembership(group, multicast.interface)
}

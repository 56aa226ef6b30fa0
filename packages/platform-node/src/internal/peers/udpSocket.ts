import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as dgram from "node:dgram"
import * as net from "node:net"
import type { UdpOptions } from "../../NodePeers.js"
import { sharesPort } from "./udpOptions.js"

/** A socket of Node's at the numeric address, with these settings, which whoever runs this owns. */
export const boundSocket = (options: UdpOptions, host: string, port: number): Effect.Effect<dgram.Socket, unknown> =>
  Effect.async((resume) => {
    const socket = open(options, host)
    const fail = (cause: unknown) => {
      socket.off("error", fail).close()
      resume(Exit.fail(cause))
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

const open = (options: UdpOptions, host: string): dgram.Socket =>
  dgram.createSocket({
    type: net.isIPv6(host) ? "udp6" : "udp4",
    reuseAddr: sharesPort(options),
    ipv6Only: options.ipv6Only ?? false,
    lookup,
    ...(options.receiveBufferBytes === undefined ? {} : { recvBufferSize: options.receiveBufferBytes }),
    ...(options.sendBufferBytes === undefined ? {} : { sendBufferSize: options.sendBufferBytes })
  })

/**
 * Everything here is an address, and `dns.lookup` answers those in the next tick only: the datagram would leave later and
 * cost a seventh more.
 */
const lookup: NonNullable<dgram.SocketOptions["lookup"]> = (host, _, answer) => answer(null, host, net.isIP(host))

const tune = (socket: dgram.Socket, { broadcast = false, multicast = {} }: UdpOptions): void => {
  if (broadcast) socket.setBroadcast(true)
  if (multicast.interface !== undefined) socket.setMulticastInterface(multicast.interface)
  if (multicast.ttl !== undefined) socket.setMulticastTTL(multicast.ttl)
  if (multicast.loopback !== undefined) socket.setMulticastLoopback(multicast.loopback)
  for (const group of multicast.groups ?? []) socket.addMembership(group, multicast.interface)
}

import type { UdpOptions } from "@ductworks/platform-node/NodePeers"
import { sharesPort } from "@ductworks/platform-node/PeersKit"
import { networkInterfaces } from "node:os"
import { AF, IP, IPPROTO, IPV6, SO, SOCK, SOL } from "../../SocketConstants.js"
import type { SocketFault } from "../../SocketError.js"
import type { Binding, Handle } from "../binding.js"
import { fault, noDevice } from "../errno.js"
import { intBytes } from "../sock/options.js"
import { targetOf } from "./udpTarget.js"

/** A socket at the numeric address, with these settings; or what the system says. */
export const boundSocket = (
  binding: Binding,
  options: UdpOptions,
  host: string,
  port: number
): Handle | SocketFault => {
  const domain = host.includes(":") ? AF.INET6 : AF.INET
  const handle = binding.socket(domain, SOCK.DGRAM, 0)
  if (handle < 0) return fault("bind", handle)
  const failure = new Setup(binding, handle, domain).run(options, host, port)
  if (failure >= 0) return handle
  binding.close(handle)
  return fault("bind", failure)
}

/** One step after the other, up to the first that fails. */
class Setup {
  private result = 0

  constructor(
    private readonly binding: Binding,
    private readonly handle: Handle,
    private readonly domain: number
  ) {}

  run(options: UdpOptions, host: string, port: number): number {
    const { broadcast = false, ipv6Only = false, multicast = {}, receiveBufferBytes, sendBufferBytes } = options
    if (sharesPort(options)) this.set(SOL.SOCKET, SO.REUSEADDR, 1)
    if (this.domain === AF.INET6) this.set(IPPROTO.IPV6, IPV6.V6ONLY, ipv6Only ? 1 : 0)
    const { length, raw } = targetOf(this.binding, host, port)
    this.step(() => (length < 0 ? length : this.binding.bind(this.handle, raw, length)))
    this.set(SOL.SOCKET, SO.RCVBUF, receiveBufferBytes)
    this.set(SOL.SOCKET, SO.SNDBUF, sendBufferBytes)
    if (broadcast) this.set(SOL.SOCKET, SO.BROADCAST, 1)
    this.cast(multicast)
    return this.result
  }

  private step(call: () => number): void {
    if (this.result >= 0) this.result = call()
  }

  private set(level: number, name: number, value: number | Uint8Array | undefined): void {
    if (value === undefined) return
    const bytes = typeof value === "number" ? intBytes(value) : value
    this.step(() => this.binding.setsockopt(this.handle, level, name, bytes))
  }

  private cast({ groups = [], interface: via, loopback, ttl }: NonNullable<UdpOptions["multicast"]>): void {
    const isV6 = this.domain === AF.INET6
    const level = isV6 ? IPPROTO.IPV6 : IPPROTO.IP
    if (via !== undefined) this.set(level, isV6 ? IPV6.MULTICAST_IF : IP.MULTICAST_IF, this.interfaceBytes(via))
    this.set(level, isV6 ? IPV6.MULTICAST_HOPS : IP.MULTICAST_TTL, ttl)
    this.set(
      level,
      isV6 ? IPV6.MULTICAST_LOOP : IP.MULTICAST_LOOP,
      loopback === undefined ? undefined : Number(loopback)
    )
    for (const group of groups) this.step(() => this.join(group, via))
  }

  private join(group: string, via: string | undefined): number {
    const { length, raw } = targetOf(this.binding, group, 0)
    if (length < 0) return length
    const index = via === undefined ? 0 : this.interfaceIndex(via)
    return index < 0 ? index : this.binding.membership(this.handle, true, raw, length, index)
  }

  /** What a socket option takes: the address of it (`sin_addr`), or its number (`sin6_scope_id`). */
  private interfaceBytes(via: string): Uint8Array {
    const { raw } = targetOf(this.binding, via, 0)
    return this.domain === AF.INET6 ? raw.subarray(24, 28) : raw.subarray(4, 8)
  }

  private interfaceIndex(via: string): number {
    if (this.domain === AF.INET6) {
      const bytes = this.interfaceBytes(via)
      return new Int32Array(bytes.slice().buffer)[0] ?? 0
    }
    const named = Object.entries(networkInterfaces()).find(([, known]) => known?.some(({ address }) => address === via))
    const index = named === undefined ? 0 : this.binding.interfaceIndex(named[0])
    return index > 0 ? index : noDevice
  }
}

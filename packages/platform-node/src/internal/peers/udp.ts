import { sizeOr } from "@ductworks/core/Connection"
import type { ConnectFailed } from "@ductworks/core/DuctError"
import { DuctClosed, InvalidAddress, LocalSocketFault } from "@ductworks/core/DuctError"
import type { BindError, ReachError, TransmitError } from "@ductworks/peers/PeerError"
import * as PeerInbox from "@ductworks/peers/PeerInbox"
import type { Peer, PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type * as dgram from "node:dgram"
import * as dns from "node:dns"
import * as net from "node:net"
import type { UdpOptions } from "../../NodePeers.js"
import { codeOf, details } from "../errno.js"
import { Counters, full, shut, taken, tooLarge, unknown, unreached } from "./common.js"
import { canonical, formatUdp, parseUdp, type Place } from "./udpAddress.js"
import { boundSocket } from "./udpSocket.js"
import { Target } from "./udpTarget.js"

const foreign = "a socket that is bound to an IPv4 address reaches no IPv6; bind `host` to one, or to ::"

/** Targets that were read from text and are kept; then all are forgotten. */
const maxTargets = 1024

/** Peers are whoever a datagram comes from. There is no table of them, so spoofed sources cost nothing. */
class UdpPeers implements PeerTransportService {
  readonly kind = "datagram"
  readonly endpoints: ReadonlyArray<string>
  readonly maxPacketBytes: number
  readonly receive: PeerTransportService["receive"]
  readonly take: PeerInbox.PeerInbox["take"]
  readonly onArrival: PeerInbox.PeerInbox["onArrival"]
  readonly pause = (): void => {}
  readonly close = (): Effect.Effect<void> => Effect.void
  private readonly counters = new Counters()
  readonly stats = this.counters.stats
  private readonly inbox: PeerInbox.PeerInbox
  private readonly highWaterMark: number
  private readonly isV6: boolean
  private readonly targets = new Map<string, Target>()
  private lastSource: Target | undefined
  private isShut = false

  constructor(
    private readonly socket: dgram.Socket,
    options: UdpOptions
  ) {
    const { address, family, port } = socket.address()
    this.endpoints = [formatUdp(address, port)]
    this.isV6 = family === "IPv6"
    this.maxPacketBytes = Math.min(sizeOr(options.maxPacketBytes, 8192), this.isV6 ? 65_527 : 65_507)
    this.highWaterMark = sizeOr(options.highWaterMark, 256 * 1024)
    const maxPackets = sizeOr(options.maxPackets, 1024)
    this.inbox = new PeerInbox.PeerInbox({ ...options, maxPackets, maxBytes: sizeOr(options.maxBytes, 1024 * 1024) })
    this.receive = this.inbox.receive
    this.take = this.inbox.take
    this.onArrival = this.inbox.onArrival
    socket.on("message", this.onMessage).on("error", this.onError)
  }

  readonly offer = (peer: Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    const target = this.check(peer, packet)
    if (Exit.isExit(target)) return target
    if (this.socket.getSendQueueSize() >= this.highWaterMark) return full
    this.socket.send(packet, target.port, target.host, target.sent)
    return taken
  }

  /** Most often the system has it at once, but dgram tells only in the next tick: whether it works is asked once. */
  readonly send = (peer: Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const target = this.check(peer, packet)
      if (Exit.isExit(target)) return target
      const cause = target.failure()
      if (cause !== undefined) return Exit.fail(unreached(target.endpoint, cause))
      if (!target.isProven || this.socket.getSendQueueSize() >= this.highWaterMark) return this.tell(target, packet)
      this.socket.send(packet, target.port, target.host, target.sent)
      return Exit.void
    })

  private tell(target: Target, packet: Uint8Array): Effect.Effect<void, TransmitError> {
    return Effect.async((resume) => {
      if (this.isShut) return resume(shut)
      this.socket.send(packet, target.port, target.host, (cause) => {
        target.prove(cause === null)
        resume(cause === null ? Exit.void : Exit.fail(this.sendError(cause, target, packet)))
      })
    })
  }

  readonly connect = (endpoint: string): Effect.Effect<Peer, ReachError> =>
    Effect.suspend((): Effect.Effect<Peer, ReachError> => {
      if (this.isShut) return Exit.fail(new DuctClosed({ operation: "connect" }))
      const place = parseUdp(endpoint)
      if ("_tag" in place) return Exit.fail(place)
      if (this.isForeign(place)) return Exit.fail(new InvalidAddress({ address: endpoint, problem: foreign }))
      return Effect.map(this.resolve(endpoint, place.host), (host) => new Target(host, place.port))
    })

  /** The descriptor is closed when this is done. */
  readonly shut: Effect.Effect<void> = Effect.async((resume) => {
    this.isShut = true
    this.inbox.end()
    this.socket.off("message", this.onMessage)
    this.socket.close(() => resume(Exit.void))
  })

  private check(peer: Peer, packet: Uint8Array): Target | Exit.Exit<never, TransmitError> {
    if (this.isShut) return shut
    if (packet.length > this.maxPacketBytes) return Exit.fail(tooLarge(packet.length, this.maxPacketBytes))
    return peer instanceof Target ? peer : this.target(peer)
  }

  /** Of a peer that was made elsewhere. */
  private target(peer: Peer): Target | Exit.Exit<never, TransmitError> {
    const known = this.targets.get(peer.endpoint)
    if (known !== undefined) return known
    const parsed = parseUdp(peer.endpoint)
    if ("_tag" in parsed || this.isForeign(parsed)) return unknown(peer)
    if (this.targets.size >= maxTargets) this.targets.clear()
    const target = new Target(this.literal(parsed.host) ?? parsed.host, parsed.port)
    this.targets.set(peer.endpoint, target)
    return target
  }

  private readonly onMessage = (packet: Buffer, source: dgram.RemoteInfo): void => {
    if (packet.length > this.maxPacketBytes) {
      this.counters.oversize++
      this.counters.droppedDatagrams++
      return
    }
    // A plain array of bytes, as everywhere: a Buffer answers to `slice` and JSON in its own way.
    const bytes = new Uint8Array(packet.buffer, packet.byteOffset, packet.length)
    if (!this.inbox.datagram(this.source(source), bytes)) this.counters.droppedDatagrams++
  }

  private source({ address, port }: dgram.RemoteInfo): Peer {
    const last = this.lastSource
    if (last !== undefined && last.port === port && last.host === address) return last
    return (this.lastSource = new Target(address, port))
  }

  // Windows tells of datagrams that nobody took at the next read: that is no fault of this socket.
  private readonly onError = (cause: Error): void => {
    const code = codeOf(cause)
    if (code === "ECONNRESET" || code === "ECONNREFUSED") return
    this.inbox.end(new LocalSocketFault({ operation: "recv", ...details(cause) }))
  }

  // What the system says of a datagram is true of where it should go: the socket has other peers, and goes on.
  private sendError(cause: Error, target: Target, packet: Uint8Array): TransmitError {
    if (this.isShut) return new DuctClosed({ operation: "send" })
    if (codeOf(cause) === "EMSGSIZE") return tooLarge(packet.length, this.maxPacketBytes)
    return unreached(target.endpoint, cause)
  }

  private isForeign({ host }: Place): boolean {
    return !this.isV6 && net.isIPv6(host)
  }

  /** An address as this socket writes it; `undefined`: a name. */
  private literal(host: string): string | undefined {
    // An IPv6 socket that takes both writes IPv4 sources so.
    if (net.isIPv4(host)) return this.isV6 ? `::ffff:${host}` : host
    return net.isIPv6(host) ? canonical(host) : undefined
  }

  private resolve(endpoint: string, host: string): Effect.Effect<string, ConnectFailed> {
    const literal = this.literal(host)
    if (literal !== undefined) return Exit.succeed(literal)
    return Effect.async((resume) => {
      dns.lookup(host, this.isV6 ? { family: 6, hints: dns.V4MAPPED } : { family: 4 }, (cause, address) =>
        resume(cause === null ? Exit.succeed(canonical(address)) : Exit.fail(unreached(endpoint, cause)))
      )
    })
  }
}

export const bindUdp = (options: UdpOptions): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(boundSocket(options), (socket) => Effect.sync(() => new UdpPeers(socket, options))),
    (peers) => peers.shut
  )

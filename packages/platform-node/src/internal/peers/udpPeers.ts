/** UDP as a transport of peers, whichever way datagrams reach the system. */
import { sizeOr } from "@ductworks/core/Connection"
import type { ConnectFailed } from "@ductworks/core/DuctError"
import { BindFailed, DuctClosed, InvalidAddress, InvalidArgument, LocalSocketFault } from "@ductworks/core/DuctError"
import { andThen } from "@ductworks/core/Settled"
import type { BindError, ReachError, TransmitError } from "@ductworks/peers/PeerError"
import * as PeerInbox from "@ductworks/peers/PeerInbox"
import type { Peer, PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { isIPv6 } from "node:net"
import type { UdpOptions } from "../../NodePeers.js"
import { codeOf, details, reasonOf } from "../errno.js"
import { Counters, full, shut, taken, tooLarge, unknown, unreached } from "./common.js"
import { addressOf, formatUdp, isForeign, literalOf, parseUdp } from "./udpAddress.js"
import { udpProblem } from "./udpOptions.js"

/**
 * A bound socket of datagrams. `T` is what it makes of an address, so that a send to it reads no text: a peer, and to
 * everybody else plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface UdpCarrier<T extends Peer> {
  /** Where it is bound. */
  readonly host: string
  readonly port: number
  readonly isV6: boolean
  /** Whether the value is one that it, or another of its kind and family, made. */
  readonly isTarget: (peer: unknown) => peer is T
  /** A peer at a numeric address, as the system writes it. */
  readonly target: (host: string, port: number) => T
  /**
   * Whether the system, or a bounded queue before it, has taken the datagram; or why it never will. False says that there
   * is no room, or with `mustKnow` that what becomes of it would not be told.
   */
  readonly offer: (to: T, packet: Uint8Array, mustKnow: boolean) => boolean | Error
  /** Takes the datagram as soon as there is room, and tells what became of it. Gives what stops the waiting. */
  readonly send: (to: T, packet: Uint8Array, tell: (cause: Error | null) => void) => () => void
  /**
   * Who is told of each datagram that comes, whose bytes are the receiver's from then on, and of an error of the socket.
   * Called once.
   */
  readonly listen: (arrived: (from: T, packet: Uint8Array) => void, failed: (cause: Error) => void) => void
  /** Its descriptor is closed when this is done. */
  readonly close: Effect.Effect<void>
}

const foreign = "a socket that is bound to an IPv4 address reaches no IPv6; bind `host` to one, or to ::"

/** Targets that were read from text and are kept; then all are forgotten. */
const maxTargets = 1024

/** Peers are whoever a datagram comes from. There is no table of them, so spoofed sources cost nothing. */
class UdpPeers<T extends Peer> implements PeerTransportService {
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
  private readonly isV6: boolean
  private readonly targets = new Map<string, T>()
  private isShut = false

  constructor(
    private readonly carrier: UdpCarrier<T>,
    options: UdpOptions
  ) {
    this.endpoints = [formatUdp(carrier.host, carrier.port)]
    this.isV6 = carrier.isV6
    this.maxPacketBytes = Math.min(sizeOr(options.maxPacketBytes, 8192), this.isV6 ? 65_527 : 65_507)
    const maxPackets = sizeOr(options.maxPackets, 1024)
    this.inbox = new PeerInbox.PeerInbox({ ...options, maxPackets, maxBytes: sizeOr(options.maxBytes, 1024 * 1024) })
    this.receive = this.inbox.receive
    this.take = this.inbox.take
    this.onArrival = this.inbox.onArrival
    carrier.listen(this.arrived, this.failed)
  }

  // --- sending

  readonly offer = (peer: Peer, packet: Uint8Array): Effect.Effect<boolean, TransmitError> => {
    const to = this.check(peer, packet)
    if (!this.carrier.isTarget(to)) return andThen(to, (target) => this.offer(target, packet))
    const result = this.carrier.offer(to, packet, false)
    return result === true ? taken : result === false ? full : Exit.fail(this.sendError(result, to, packet))
  }

  readonly send = (peer: Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const to = this.check(peer, packet)
      if (!this.carrier.isTarget(to)) return andThen(to, (target) => this.send(target, packet))
      const result = this.carrier.offer(to, packet, true)
      if (result === true) return Exit.void
      return result === false ? this.wait(to, packet) : Exit.fail(this.sendError(result, to, packet))
    })

  private wait(to: T, packet: Uint8Array): Effect.Effect<void, TransmitError> {
    return Effect.async((resume) => {
      if (this.isShut) return resume(shut)
      const stop = this.carrier.send(to, packet, (cause) =>
        resume(cause === null ? Exit.void : Exit.fail(this.sendError(cause, to, packet)))
      )
      return Effect.sync(stop)
    })
  }

  private check(peer: Peer, packet: Uint8Array): T | Effect.Effect<T, TransmitError> {
    if (this.isShut) return shut
    if (packet.length > this.maxPacketBytes) return Exit.fail(tooLarge(packet.length, this.maxPacketBytes))
    return this.carrier.isTarget(peer) ? peer : this.target(peer)
  }

  /** Of a peer that was made elsewhere. What its name stands for is asked each time. */
  private target(peer: Peer): T | Effect.Effect<T, TransmitError> {
    const known = this.targets.get(peer.endpoint)
    if (known !== undefined) return known
    const place = parseUdp(peer.endpoint)
    if ("_tag" in place || isForeign(place.host, this.isV6)) return unknown(peer)
    const host = literalOf(place.host, this.isV6)
    if (host === undefined) return this.resolve(peer.endpoint, place.host, place.port)
    if (this.targets.size >= maxTargets) this.targets.clear()
    const target = this.carrier.target(host, place.port)
    this.targets.set(peer.endpoint, target)
    return target
  }

  // What the system says of a datagram is true of where it should go: the socket has other peers, and goes on.
  private sendError(cause: Error, to: Peer, packet: Uint8Array): TransmitError {
    if (this.isShut) return new DuctClosed({ operation: "send" })
    if (codeOf(cause) === "EMSGSIZE") return tooLarge(packet.length, this.maxPacketBytes)
    return unreached(to.endpoint, cause)
  }

  // --- receiving

  private readonly arrived = (from: Peer, packet: Uint8Array): void => {
    if (packet.length > this.maxPacketBytes) this.counters.oversize++
    else if (this.inbox.datagram(from, packet)) return
    this.counters.droppedDatagrams++
  }

  // Windows tells of datagrams that nobody took at the next read: that is no fault of this socket.
  private readonly failed = (cause: Error): void => {
    const code = codeOf(cause)
    if (code === "ECONNRESET" || code === "ECONNREFUSED") return
    this.inbox.end(new LocalSocketFault({ operation: "recv", ...details(cause) }))
  }

  // --- reaching out, and the end

  readonly connect = (endpoint: string): Effect.Effect<Peer, ReachError> =>
    Effect.suspend((): Effect.Effect<Peer, ReachError> => {
      if (this.isShut) return Exit.fail(new DuctClosed({ operation: "connect" }))
      const place = parseUdp(endpoint)
      if ("_tag" in place) return Exit.fail(place)
      if (isForeign(place.host, this.isV6))
        return Exit.fail(new InvalidAddress({ address: endpoint, problem: foreign }))
      return this.resolve(endpoint, place.host, place.port)
    })

  private resolve(endpoint: string, host: string, port: number): Effect.Effect<T, ConnectFailed> {
    return Effect.mapBoth(addressOf(host, this.isV6), {
      onSuccess: (address) => this.carrier.target(address, port),
      onFailure: (cause) => unreached(endpoint, cause)
    })
  }

  readonly shut: Effect.Effect<void> = Effect.suspend(() => {
    this.isShut = true
    this.inbox.end()
    return this.carrier.close
  })
}

/**
 * Peers over the socket that `open` binds to the numeric address, and which the scope closes. What is wrong with the
 * options, or with the host, is told before it is called; what it fails with is a `BindFailed`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeUdpPeers = <T extends Peer>(
  options: UdpOptions,
  open: (host: string, port: number) => Effect.Effect<UdpCarrier<T>, unknown>
): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  Effect.suspend((): Effect.Effect<PeerTransportService, BindError, Scope.Scope> => {
    const { host = "127.0.0.1", port = 0 } = options
    const problem = udpProblem(options)
    if (problem !== undefined) return Exit.fail(new InvalidArgument({ operation: "bind", problem }))
    const failed = (cause: unknown) =>
      new BindFailed({ reason: reasonOf(cause), address: formatUdp(host, port), ...details(cause) })
    const opened = (address: string) =>
      Effect.acquireRelease(
        Effect.map(open(address, port), (carrier) => new UdpPeers(carrier, options)),
        (peers) => peers.shut
      )
    return Effect.mapError(Effect.flatMap(addressOf(host, isIPv6(host)), opened), failed)
  })

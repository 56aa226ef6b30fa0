import { sizeOr } from "@ductworks/core/Connection"
import { BindFailed, ConnectFailed, DuctClosed, InvalidAddress } from "@ductworks/core/DuctError"
import { MessageTooLarge } from "@ductworks/message/MessageError"
import { PeerInbox } from "@ductworks/peers"
import { type BindError, PeerLost, type ReachError, type TransmitError, UnknownPeer } from "@ductworks/peers/PeerError"
import { Peer, type PeerTransportService, type TransportStats } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { MemoryPeersOptions } from "../../MemoryPeers.js"

/** The names of one memory network. A transport reaches only those of its own. */
export class Network {
  readonly bound = new Map<string, Transport>()
  private lastName = 0
  private lastConnection = 0

  freshName(): string {
    const name = `memory:peers-${++this.lastName}`
    return this.bound.has(name) ? this.freshName() : name
  }

  nextConnection(): number {
    return ++this.lastConnection
  }
}

/** One end of a connection: what was taken here waits until the other inbox has room. */
class End {
  other: End | undefined
  readonly pending: Array<Uint8Array> = []
  private isClosing = false
  private waiting: Array<() => void> = []

  constructor(
    readonly owner: Transport,
    /** The other side, as this one knows it. */
    readonly peer: Peer
  ) {}

  take(packet: Uint8Array): void {
    this.pending.push(new Uint8Array(packet))
    if (this.pending.length === 1) this.awaitRoom()
  }

  private awaitRoom(): void {
    const { other } = this
    other?.owner.inbox.whenRoom(other.peer, () => this.move())
  }

  private readonly move = (): void => {
    const { other } = this
    if (other === undefined) return
    let hasRoom = true
    while (hasRoom) {
      const packet = this.pending.shift()
      if (packet === undefined) break
      hasRoom = other.owner.inbox.push(other.peer, packet)
    }
    if (this.pending.length > 0) this.awaitRoom()
    else if (this.isClosing) other.gone()
    this.wake()
  }

  /** Closed here: what was taken still arrives, then the other side is told. */
  close(): void {
    this.isClosing = true
    this.owner.ends.delete(this.peer.id)
    this.owner.inbox.drop(this.peer)
    this.other?.refuse()
    if (this.pending.length === 0) this.other?.gone()
    this.wake()
  }

  /** The other side takes nothing more. */
  private refuse(): void {
    this.pending.length = 0
    this.owner.ends.delete(this.peer.id)
    this.wake()
  }

  /** Nothing more comes from the other side. */
  private gone(): void {
    this.owner.inbox.leave(this.peer)
  }

  room(): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.waiting.push(() => resume(Exit.void))
    })
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

const taken = Exit.succeed(true)
const full = Exit.succeed(false)

class Transport implements PeerTransportService {
  readonly kind: "stream" | "datagram"
  readonly endpoints: ReadonlyArray<string>
  readonly maxPacketBytes: number
  readonly inbox: PeerInbox.PeerInbox
  readonly ends = new Map<string, End>()
  readonly receive: PeerTransportService["receive"]
  readonly take: PeerInbox.PeerInbox["take"]
  readonly onArrival: PeerInbox.PeerInbox["onArrival"]
  readonly pause: PeerTransportService["pause"]
  private readonly maxPending: number
  private readonly backlog: number
  private droppedDatagrams = 0
  private refused = 0
  private isShut = false

  constructor(
    private readonly network: Network,
    readonly name: string,
    options: MemoryPeersOptions
  ) {
    this.kind = options.kind ?? "stream"
    this.endpoints = [name]
    this.maxPacketBytes = sizeOr(options.maxPacketBytes, this.kind === "stream" ? 16 * 1024 * 1024 : 65_507)
    this.maxPending = sizeOr(options.maxPending, 16)
    this.backlog = sizeOr(options.backlog, 64)
    this.inbox = new PeerInbox.PeerInbox(options)
    this.receive = this.inbox.receive
    this.take = this.inbox.take
    this.onArrival = this.inbox.onArrival
    this.pause = this.inbox.pause
  }

  readonly offer = (peer: Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    if (this.isShut) return Exit.fail(new DuctClosed({ operation: "send" }))
    if (packet.length > this.maxPacketBytes) return this.tooLarge(packet)
    if (this.kind === "datagram") {
      const other = this.network.bound.get(peer.endpoint)
      const isTaken = other?.kind === "datagram" && other.inbox.datagram(Peer(this.name), new Uint8Array(packet))
      if (other !== undefined && !isTaken) other.droppedDatagrams++
      return taken
    }
    const end = this.ends.get(peer.id)
    if (end === undefined) return Exit.fail(new UnknownPeer({ operation: "send", peer: peer.id }))
    if (end.pending.length >= this.maxPending) return full
    end.take(packet)
    return taken
  }

  readonly send = (peer: Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const offered = this.offer(peer, packet)
      if (Exit.isFailure(offered) || offered.value) return Exit.asVoid(offered)
      const end = this.ends.get(peer.id)
      if (end === undefined) return Exit.void
      return Effect.flatMap(end.room(), () =>
        this.ends.get(peer.id) === end
          ? this.send(peer, packet)
          : Exit.fail(new PeerLost({ operation: "send", peer: peer.id, reason: "Closed" }))
      )
    })

  readonly connect = (endpoint: string): Effect.Effect<Peer, ReachError> =>
    Effect.suspend((): Exit.Exit<Peer, ReachError> => {
      if (!endpoint.startsWith("memory:")) {
        return Exit.fail(new InvalidAddress({ address: endpoint, problem: "memory peers know only memory:<name>" }))
      }
      if (this.isShut) return Exit.fail(new DuctClosed({ operation: "connect" }))
      if (this.kind === "datagram") return Exit.succeed(Peer(endpoint))
      const other = this.network.bound.get(endpoint)
      if (other?.kind !== "stream") return Exit.fail(new ConnectFailed({ reason: "NotFound", address: endpoint }))
      if (other.inbox.unseenJoins >= other.backlog) {
        other.refused++
        return Exit.fail(new ConnectFailed({ reason: "BacklogFull", address: endpoint }))
      }
      return Exit.succeed(this.link(other))
    })

  private link(other: Transport): Peer {
    const number = this.network.nextConnection()
    const ours = new End(this, Peer(`${other.name}#${number}`, other.name))
    const theirs = new End(other, Peer(`${this.name}#${number}`, this.name))
    ours.other = theirs
    theirs.other = ours
    for (const end of [ours, theirs]) {
      end.owner.ends.set(end.peer.id, end)
      end.owner.inbox.join(end.peer, end === ours)
    }
    return ours.peer
  }

  readonly close = (peer: Peer): Effect.Effect<void> => Effect.sync(() => this.ends.get(peer.id)?.close())

  readonly stats = (): TransportStats => ({
    droppedDatagrams: this.droppedDatagrams,
    oversize: 0,
    malformed: 0,
    refused: this.refused
  })

  /** Leaves the network. */
  shut(): void {
    this.isShut = true
    this.network.bound.delete(this.name)
    for (const end of [...this.ends.values()]) end.close()
    this.inbox.end()
  }

  private tooLarge(packet: Uint8Array): Exit.Exit<never, MessageTooLarge> {
    const limit = this.maxPacketBytes
    return Exit.fail(
      new MessageTooLarge({ direction: "send", size: packet.length, limit, limitName: "maxPacketBytes" })
    )
  }
}

export const bind = (
  network: Network,
  options: MemoryPeersOptions
): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend((): Exit.Exit<Transport, BindError> => {
      const name = options.name ?? network.freshName()
      if (!name.startsWith("memory:")) {
        return Exit.fail(new InvalidAddress({ address: name, problem: "memory peers know only memory:<name>" }))
      }
      if (network.bound.has(name)) return Exit.fail(new BindFailed({ reason: "AddressInUse", address: name }))
      const transport = new Transport(network, name, options)
      network.bound.set(name, transport)
      return Exit.succeed(transport)
    }),
    (transport) => Effect.sync(() => transport.shut())
  )

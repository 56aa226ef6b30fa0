import { PeerLost, type LossReason } from "../PeerError.js"
import type { Peer, PeerTransportService } from "../PeerTransport.js"
import type { LeaveCause } from "../PeerError.js"
import type { Counters } from "./counters.js"
import type { Events } from "./events.js"
import type { Fibers } from "./fibers.js"
import { Lane, Member, type Parting } from "./member.js"
import type { Resolved } from "./settings.js"
import { Timer, type Timers } from "./timers.js"

/** When a peer was not heard of for too long. */
class Silence extends Timer {
  constructor(
    private readonly roster: Roster,
    private readonly member: Member
  ) {
    super()
  }

  due(): void {
    this.roster.look(this.member)
  }
}

/** Who is here: who joins, is known, falls silent, leaves. */
export class Roster {
  readonly known = new Map<string, Member>()
  /** Connected, and not decided about. They count as peers. */
  readonly joining = new Map<string, Member>()
  /** Datagram sources that are not known and have something waiting or running here. */
  readonly strangers = new Map<string, Member>()
  /** The lane of all, in sequential mode. */
  readonly shared: Lane | undefined

  constructor(
    private readonly transport: PeerTransportService,
    private readonly settings: Resolved,
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly timers: Timers,
    private readonly events: Events,
    private readonly metadata: ((peer: Peer) => unknown) | undefined
  ) {
    this.shared = settings.isSequential ? new Lane() : undefined
  }

  find(peer: Peer): Member | undefined {
    return this.known.get(peer.id) ?? this.joining.get(peer.id) ?? this.strangers.get(peer.id)
  }

  /** Whether there is a place for another peer; if not, that was one refused. */
  hasPlace(): boolean {
    if (this.known.size + this.joining.size < this.settings.maxPeers) return true
    this.counters.refusedPeers++
    return false
  }

  /** A peer about which is still to be decided, for no longer than a hook may take. */
  join(peer: Peer, isOurs: boolean): Member {
    const member = this.member(peer, isOurs, false)
    this.joining.set(peer.id, member)
    this.watch(member, 2 * this.settings.hookMillis)
    return member
  }

  hasRoomForStranger(): boolean {
    return this.strangers.size < this.settings.maxStrangers
  }

  /** A datagram source, while something of it is here. */
  stranger(peer: Peer): Member {
    const member = this.member(peer, false, true)
    this.strangers.set(peer.id, member)
    return member
  }

  /** It is known from now on. */
  welcome(member: Member): void {
    const { peer } = member
    this.joining.delete(peer.id)
    this.strangers.delete(peer.id)
    member.state = "known"
    member.lastSeen = this.timers.now()
    this.describe(member, peer)
    this.known.set(peer.id, member)
    const mustSpeak = !member.isOurs && this.transport.kind === "stream" && !member.hasSpoken
    this.watch(member, mustSpeak ? this.settings.firstMessageMillis : this.settings.timeoutMillis)
    this.fibers.debug("a peer joined", { peer: peer.id })
    this.events.publish({ _tag: "Joined", peer })
  }

  /** Makes a datagram source known. Whether the peer is known now. */
  accept(peer: Peer): boolean {
    const member = this.find(peer)
    if (member?.state === "known") return true
    if (this.transport.kind === "stream" || member?.state === "joining" || !this.hasPlace()) return false
    this.welcome(member ?? this.member(peer, false, true))
    return true
  }

  /** A good message came from it. */
  spoke(member: Member): void {
    if (member.hasSpoken) return
    member.hasSpoken = true
    if (member.state === "known") this.watch(member, this.settings.timeoutMillis)
  }

  /** Whom we connect to may leave before the fiber that connects knows that it is here. */
  readonly leftEarly = new Set<string>()

  /** The transport says that the peer is gone; what it sent before is still handled, and then it is forgotten. */
  leave(member: Member, cause: LeaveCause | undefined): void {
    const wasKnown = member.state === "known"
    const isLoss = cause !== undefined
    const reason = new PeerLost({
      operation: "request",
      peer: member.peer.id,
      reason: isLoss ? "Vanished" : "Closed",
      cause
    })
    this.unwatch(member)
    if (member.state === "joining" && member.isOurs) this.leftEarly.add(member.peer.id)
    if (member.pending === 0 || !wasKnown) return this.forget(member, { reason, isLoss })
    member.state = "leaving"
    member.end(reason)
    member.parting = { reason, isLoss }
  }

  /** Closes the peer and forgets it at once; what waits of it is dropped. */
  lose(member: Member, why: LossReason): void {
    const { peer } = member
    this.fibers.debug("a peer is closed", { peer: peer.id, reason: why })
    const reason = new PeerLost({ operation: "request", peer: peer.id, reason: why })
    this.forget(member, { reason, isLoss: why !== "Closed" })
    this.fibers.background(this.transport.close(peer))
  }

  /** Nothing of the member waits or runs any more. */
  idle(member: Member): void {
    if (member.state === "stranger") this.strangers.delete(member.peer.id)
    if (member.state === "leaving" && member.parting !== undefined) this.forget(member, member.parting)
  }

  private member(peer: Peer, isOurs: boolean, isStranger: boolean): Member {
    return new Member(peer, this.shared, isOurs, isStranger)
  }

  private describe(member: Member, peer: Peer): void {
    if (this.metadata === undefined) return
    try {
      member.metadata = this.metadata(peer)
    } catch (defect) {
      this.counters.hookFailures++
      this.fibers.error("the metadata hook threw", { peer: peer.id, defect })
    }
  }

  private forget(member: Member, { isLoss, reason }: Parting): void {
    const { peer } = member
    const wasKnown = member.state === "known" || member.state === "leaving"
    member.state = "gone"
    this.unwatch(member)
    for (const members of [this.known, this.joining, this.strangers]) {
      if (members.get(peer.id) === member) members.delete(peer.id)
    }
    member.end(reason)
    if (!wasKnown) return
    if (reason.reason === "TimedOut") return this.events.publish({ _tag: "TimedOut", peer })
    this.events.publish({ _tag: "Left", peer, reason: isLoss ? reason : undefined })
  }

  private watch(member: Member, delay: number): void {
    member.silence ??= new Silence(this, member)
    this.timers.set(member.silence, delay)
  }

  private unwatch(member: Member): void {
    if (member.silence !== undefined) this.timers.cancel(member.silence)
  }

  /**
   * Its time may be up. The timer is not moved for every packet: when it is due, it looks at when the last one came. A
   * peer that is not being read cannot be heard, and is given time.
   */
  look(member: Member): void {
    const { settings } = this
    if (member.state === "joining") return this.lose(member, "Refused")
    const isSilent = !member.hasSpoken && !member.isOurs && this.transport.kind === "stream"
    if (member.isPaused || (isSilent && member.pending > 0)) return this.watch(member, settings.firstMessageMillis)
    if (isSilent) {
      this.counters.neverSpoke++
      return this.lose(member, "NeverSpoke")
    }
    const since = this.timers.now() - member.lastSeen
    if (since < settings.timeoutMillis) return this.watch(member, settings.timeoutMillis - since)
    this.counters.timedOut++
    this.lose(member, "TimedOut")
  }
}

import { isDone } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Envelope } from "../PeerFormat.js"
import type { Peer, PeerTransportService } from "../PeerTransport.js"
import type { Calls } from "./calls.js"
import type { Counters } from "./counters.js"
import { type Fibers, start } from "./fibers.js"
import type { Start } from "./handlers.js"
import { type Arrived, Incoming, type Lane, type Member } from "./member.js"
import { Dropped, type Parsed, type Parser } from "./parser.js"
import type { Pool } from "./pool.js"
import type { Roster } from "./roster.js"
import type { Resolved } from "./settings.js"
import { control } from "./table.js"
import type { Timers } from "./timers.js"

/** What a lane is given besides its packets. */
interface Stations {
  readonly transport: PeerTransportService
  readonly settings: Resolved
  readonly counters: Counters
  readonly fibers: Fibers
  readonly timers: Timers
  readonly roster: Roster
  readonly parser: Parser
  readonly calls: Calls
  readonly pool: Pool
  readonly handlersOf: (type: string) => ReadonlyArray<Start>
  /** What goodPeer said. */
  readonly isGood: (peer: Peer, exit: Exit.Exit<boolean, unknown>, isLate: boolean) => boolean
}

/** Packets become messages, and messages go to their handlers: in order in each lane, no lane waiting for another. */
export class Lanes {
  /** Bytes of packets that were not parsed, or whose handlers have not begun. */
  queuedBytes = 0

  constructor(
    private readonly at: Stations,
    /** There may be room again. */
    private readonly wake: () => void
  ) {}

  isFull(lane: Lane): boolean {
    return lane.packets.size >= this.at.settings.parseQueue || lane.bytes >= this.at.settings.inQueueBytes
  }

  push(arrived: Arrived): void {
    const { member, packet } = arrived
    const { lane } = member
    member.pending++
    lane.bytes += packet.length
    this.queuedBytes += packet.length
    lane.packets.push(arrived)
    this.advance(lane)
    if (lane.owner !== undefined && !member.isPaused && this.isFull(lane)) this.pause(member, true)
  }

  /** It is decided that the peer may stay: what it sent meanwhile is handled. */
  begin(member: Member): void {
    if (member.hasLane) this.advance(member.lane)
  }

  /** Moves what can be moved. In a loop: what ends at once must not begin the next on top of itself. */
  advance(lane: Lane): void {
    if (lane.isAdvancing) return
    lane.isAdvancing = true
    while (this.handleNext(lane) || this.parseNext(lane));
    lane.isAdvancing = false
    const { owner } = lane
    const isLow = lane.packets.size * 2 <= this.at.settings.parseQueue
    if (owner?.isPaused === true && isLow && !this.isFull(lane)) this.pause(owner, false)
    this.wake()
  }

  private pause(member: Member, isPaused: boolean): void {
    member.isPaused = isPaused
    this.at.transport.pause(member.peer, isPaused)
  }

  private parseNext(lane: Lane): boolean {
    if (lane.isParsing || lane.messages.size >= this.at.settings.inQueue) return false
    const arrived = lane.packets.shift()
    if (arrived === undefined) return false
    lane.isParsing = true
    const { good, member } = arrived
    const { isGood, settings, timers } = this.at
    // A bad one that was known to be was counted, and is not here.
    if (Exit.isExit(good)) this.parse(arrived)
    else {
      timers.within(good, settings.hookMillis, (exit, isLate) => {
        if (!isGood(member.peer, exit, isLate)) return this.parsed(arrived, undefined, false)
        member.lastSeen = timers.now()
        this.parse(arrived)
      })
    }
    return true
  }

  private parse(arrived: Arrived): void {
    const { fibers, parser, settings, timers } = this.at
    const parsing = parser.parse(arrived.member.peer, arrived.packet)
    if (isDone(parsing)) return this.parsed(arrived, parsing, false)
    const started = start(fibers.runtime, () => parsing)
    timers.within(started, settings.hookMillis, (exit, isLate) => this.parsed(arrived, exit, isLate))
  }

  /** `exit`: undefined of a bad peer. */
  private parsed({ member, packet }: Arrived, exit: Exit.Exit<Parsed, Dropped> | undefined, isLate: boolean): void {
    const { lane, state } = member
    lane.isParsing = false
    if (state === "gone" || exit === undefined || !this.isTaken(member, exit, packet.length, isLate)) {
      this.release(member, packet.length)
      this.done(member)
    }
    this.advance(lane)
  }

  /** Whether it is a message that waits for its handlers now. */
  private isTaken(member: Member, exit: Exit.Exit<Parsed, Dropped>, length: number, isLate: boolean): boolean {
    if (Exit.isSuccess(exit)) return this.received(member, exit.value, length)
    this.dropped(member, exit.cause, isLate)
    return false
  }

  /** A packet was good. Whether it is a message that waits for its handlers now. */
  private received(member: Member, parsed: Parsed, length: number): boolean {
    const { counters, roster } = this.at
    counters.received++
    roster.spoke(member)
    if (parsed.entry === undefined) {
      this.obey(member, parsed.envelope, length)
      return false
    }
    const { data, entry, message } = parsed
    const { id, peer } = message
    const incoming = new Incoming(member, peer, entry, data, id, length)
    if (id !== undefined && !this.expect(incoming, id)) return false
    member.lane.messages.push(incoming)
    return true
  }

  /** Notes a request, so that it can be cancelled; or refuses it. */
  private expect(incoming: Incoming, id: number): boolean {
    const { entry, member } = incoming
    const hasPlace = member.hasPlaceFor(id, this.at.settings.maxRequests)
    if (hasPlace && entry.reply !== undefined) {
      member.addRequest(id, incoming)
      return true
    }
    this.refuse(incoming, hasPlace ? "NoHandler" : "TooMany")
    return false
  }

  /** The library's own messages pass the queue: a cancel must not wait behind what it cancels. */
  private obey(member: Member, envelope: Envelope, size: number): void {
    const { calls, counters } = this.at
    switch (envelope.type) {
      case control.beat:
        return
      case control.reply:
      case control.error:
        return calls.answered(member.peer, envelope, size)
      case control.cancel:
        return envelope.id === undefined ? undefined : member.request(envelope.id)?.stop()
      default:
        counters.unknownTypes++
    }
  }

  private dropped(member: Member, cause: Cause.Cause<Dropped>, isLate: boolean): void {
    const { counters, fibers } = this.at
    const about = { peer: member.peer.id }
    const dropped = Option.getOrUndefined(Cause.failureOption(cause))
    if (dropped === undefined) {
      if (!isLate && Cause.isInterruptedOnly(cause)) return
      counters.hookFailures++
      return fibers.error(isLate ? "parsing took longer than hookTimeout" : "parsing died", about, cause)
    }
    counters[dropped.reason]++
    if (dropped.reason === "hookFailures") fibers.error("handleAll failed", about, dropped.cause)
    else fibers.debug("a packet is dropped", { ...about, reason: dropped.reason, ...dropped.about }, dropped.cause)
    if (dropped.id === undefined) return
    const reason = dropped.reason === "unknownTypes" ? "NoHandler" : "Undecodable"
    this.refuse({ peer: member.peer, id: dropped.id }, reason)
  }

  private handleNext(lane: Lane): boolean {
    if (lane.running >= this.at.settings.concurrency) return false
    const incoming = lane.messages.peek()
    // Nothing of a peer is handled before it is decided whether to talk with it.
    if (incoming === undefined || incoming.member.state === "joining") return false
    lane.messages.shift()
    const { member } = incoming
    this.release(member, incoming.bytes)
    lane.running++
    this.handle(incoming)
    return true
  }

  private handle(incoming: Incoming): void {
    const { counters, fibers, handlersOf, pool } = this.at
    if (incoming.isCancelled || incoming.member.state === "gone") return this.handled(incoming)
    const handlers = handlersOf(incoming.entry.name)
    if (handlers.length > 0) return pool.begin(incoming, handlers, this.handled)
    counters.unknownTypes++
    fibers.debug("a message has no handler", { peer: incoming.peer.id, type: incoming.entry.name })
    if (incoming.id !== undefined) this.refuse(incoming, "NoHandler")
    this.handled(incoming)
  }

  private readonly handled = ({ id, member }: Incoming): void => {
    const { lane } = member
    lane.running--
    if (id !== undefined) member.endRequest(id)
    this.done(member)
    this.advance(lane)
  }

  private refuse(
    request: { readonly peer: Peer; readonly id: number | undefined },
    reason: "NoHandler" | "TooMany" | "Undecodable"
  ): void {
    const { calls, fibers } = this.at
    fibers.follow(
      start(fibers.runtime, () => calls.refuse(request, reason)),
      noop
    )
  }

  private release(member: Member, bytes: number): void {
    member.lane.bytes -= bytes
    this.queuedBytes -= bytes
  }

  private done(member: Member): void {
    member.pending--
    if (member.pending === 0) this.at.roster.idle(member)
  }
}

const noop = () => {}

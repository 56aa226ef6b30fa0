import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Options } from "../PeerOptions.js"
import type { Messages } from "../PeerProtocol.js"
import type { Peer, PeerTransportService, TransportEvent } from "../PeerTransport.js"
import type { Counters } from "./counters.js"
import { type Fibers, interrupt, start, type Started } from "./fibers.js"
import type { Lanes } from "./lanes.js"
import type { Member } from "./member.js"
import type { Roster } from "./roster.js"
import type { Resolved } from "./settings.js"
import type { Timers } from "./timers.js"

/** What the receiver does with events: who may come in, and whose packets go on. */
export class Intake {
  constructor(
    private readonly transport: PeerTransportService,
    private readonly settings: Resolved,
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly timers: Timers,
    private readonly roster: Roster,
    private readonly lanes: () => Lanes,
    private readonly hooks: Pick<Options<Messages, unknown>, "goodPeer" | "decode">
  ) {}

  /** What goodPeer said; a no is counted. */
  readonly isGood = (peer: Peer, exit: Exit.Exit<boolean, unknown>, isLate: boolean): boolean => {
    if (Exit.isSuccess(exit) && exit.value) return true
    this.counters.badPeers++
    if (Exit.isFailure(exit) && (isLate || !Cause.isInterruptedOnly(exit.cause))) {
      const problem = isLate ? "goodPeer took longer than hookTimeout" : "goodPeer failed"
      this.counters.hookFailures++
      this.fibers.error(problem, { peer: peer.id }, exit.cause)
    }
    return false
  }

  see(event: TransportEvent): void {
    switch (event._tag) {
      case "Packet":
        return this.arrive(event.peer, event.packet)
      case "Joined":
        return this.join(event.peer, event.isOurs)
      case "Left": {
        const member = this.roster.find(event.peer)
        if (member !== undefined) this.roster.leave(member, event.cause)
      }
    }
  }

  private join(peer: Peer, isOurs: boolean): void {
    if (this.roster.find(peer) !== undefined) return
    if (isOurs) {
      this.roster.join(peer, true)
    } else if (this.roster.hasPlace()) {
      this.admit(this.roster.join(peer, false))
    } else {
      this.fibers.background(this.transport.close(peer))
    }
  }

  private admit(member: Member): void {
    this.timers.within(this.good(member.peer), this.settings.hookMillis, (exit, isLate) => {
      if (member.state !== "joining") return
      if (!this.isGood(member.peer, exit, isLate)) return this.roster.lose(member, "Refused")
      this.roster.welcome(member)
      this.lanes().begin(member)
    })
  }

  private arrive(peer: Peer, packet: Uint8Array): void {
    if (packet.length === 0 && this.hooks.decode === undefined) {
      this.counters.empty++
      return
    }
    const known = this.roster.find(peer)
    // Of a connection that was closed here meanwhile.
    if (known === undefined && this.transport.kind === "stream") return
    if (known === undefined && !this.roster.hasRoomForStranger()) {
      this.counters.droppedReceived++
      return
    }
    const good = this.good(peer)
    if (Exit.isExit(good) && !this.isGood(peer, good, false)) return
    const member = known ?? this.roster.stranger(peer)
    if (!this.hasRoom(member)) {
      if (!Exit.isExit(good)) interrupt(good)
      this.counters.droppedReceived++
      return
    }
    // Nobody asks when a stranger was seen.
    if (known !== undefined && Exit.isExit(good)) member.lastSeen = this.timers.now()
    this.lanes().push({ member, packet, good })
  }

  /** What a stream gave before its peer was paused is taken: a batch at most. */
  private hasRoom(member: Member): boolean {
    return this.transport.kind === "stream" || member.lane.owner === undefined || !this.lanes().isFull(member.lane)
  }

  /** Runs goodPeer, if it has to be run. */
  private good(peer: Peer): Started<boolean> {
    const { goodPeer } = this.hooks
    return goodPeer === undefined ? yes : start(this.fibers.runtime, () => goodPeer(peer))
  }

  /** Whether the socket as a whole has too much. */
  isFull(): boolean {
    const { shared } = this.roster
    return (
      this.lanes().queuedBytes >= this.settings.maxQueuedBytes || (shared !== undefined && this.lanes().isFull(shared))
    )
  }
}

const yes = Exit.succeed(true)

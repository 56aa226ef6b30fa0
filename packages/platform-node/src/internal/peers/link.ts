import type { Connection } from "@ductworks/core/Connection"
import { isDuctError, MessageTruncated, type ReadError, type WriteError } from "@ductworks/core/DuctError"
import { isDone } from "@ductworks/core/Settled"
import type { Decoder, Fault } from "@ductworks/message/Framing"
import { MessageProtocolError } from "@ductworks/message/MessageError"
import { type LeaveCause, PeerLost, type TransmitError } from "@ductworks/peers/PeerError"
import type { Peer } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { taken, tooLarge } from "./common.js"
import type { StreamPeers } from "./streams.js"

/**
 * The peer of a connection, which finds it without a look-up: a broadcast to a thousand peers would make a thousand. To
 * everybody else it is plain data: hence the `#`.
 */
class LinkedPeer implements Peer {
  readonly #link: Link

  constructor(
    readonly id: string,
    readonly endpoint: string,
    link: Link
  ) {
    this.#link = link
  }

  static linkOf(peer: Peer): Link | undefined {
    return #link in peer ? peer.#link : undefined
  }
}

export const { linkOf } = LinkedPeer

/** One connection: cuts what it reads into packets, and knows how it ends. */
export class Link {
  readonly peer: Peer
  /** Made by the first bytes. */
  private decoder: Decoder | undefined = undefined
  /** Bytes of the packet that is not whole, as the budget knows them. */
  private held = 0
  private isOver = false
  private readonly readOn = this.read.bind(this)

  /** Whether it is the owner's no more. */
  isReleased = false

  constructor(
    readonly owner: StreamPeers,
    id: string,
    endpoint: string,
    readonly connection: Connection,
    private readonly scope: Scope.CloseableScope
  ) {
    this.peer = new LinkedPeer(id, endpoint, this)
  }

  /**
   * Reads until there is nothing, or no room for it, and again when there is. No fiber waits for that: one would take
   * more memory than the rest of an idle peer.
   */
  read(): void {
    while (!this.isOver) {
      const cut = this.cut()
      if (cut === "full") return this.owner.inbox.whenRoom(this.peer, this.readOn)
      if (cut === "over") return
      const chunks = this.connection.take()
      if (chunks === undefined) {
        if (this.connection.onArrival(this.readOn)) return
      } else if (isDuctError(chunks)) {
        return this.ended(chunks)
      } else {
        const decoder = (this.decoder ??= this.owner.framing.decoder(this.owner.maxPacketBytes))
        for (const chunk of chunks) decoder.push(chunk)
      }
    }
  }

  /** Nothing is read any more. */
  stop(): void {
    this.isOver = true
  }

  /** Takes the frame in any case: the owner has looked whether there is room. */
  offer(frame: Uint8Array): Exit.Exit<boolean, TransmitError> {
    const offered = this.connection.offer([frame])
    // What is not done yet waits until bytes have left that were taken: the other end has sent its last.
    if (!isDone(offered) || Exit.isSuccess(offered)) return taken
    return Exit.as(
      Exit.mapError(offered, (error) => this.lost(error)),
      true
    )
  }

  /** Waits for room first. */
  write(frame: Uint8Array): Effect.Effect<void, TransmitError> {
    return Effect.mapError(this.connection.write([frame]), (error) => this.lost(error))
  }

  close(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.stop()
      this.owner.budget.give(this.held)
      this.held = 0
      return Scope.close(this.scope, exit)
    })
  }

  private cut(): "all" | "full" | "over" {
    const { inbox } = this.owner
    for (;;) {
      const frame = this.decoder?.next()
      if (frame === undefined) return this.hold() ? "all" : "over"
      if (!(frame instanceof Uint8Array)) return this.broken(frame)
      if (!inbox.push(this.peer, frame)) return "full"
    }
  }

  /** Asks the budget for what is kept. */
  private hold(): boolean {
    const { budget, counters } = this.owner
    const kept = this.decoder?.partial()?.received ?? 0
    const more = kept - this.held
    if (more > 0 && !budget.take(more)) {
      counters.refused++
      this.leave(new PeerLost({ operation: "receive", peer: this.peer.id, reason: "Refused" }))
      return false
    }
    if (more < 0) budget.give(-more)
    this.held = kept
    return true
  }

  private broken(fault: Fault): "over" {
    const { counters } = this.owner
    if (fault._tag === "TooLarge") {
      counters.oversize++
      this.leave(tooLarge(fault.size, fault.limit, "recv"))
    } else {
      counters.malformed++
      this.leave(new MessageProtocolError({ expected: fault.expected, received: fault.received }))
    }
    return "over"
  }

  private ended(error: ReadError): void {
    if (error._tag === "RemoteDuctClosed") return this.eof(error)
    // Ours: whoever closed it has told the inbox.
    if (error._tag !== "DuctClosed" && error._tag !== "DuctBusy") this.leave(error)
  }

  private eof(cause: ReadError): void {
    const partial = this.decoder?.partial()
    if (partial !== undefined) return this.leave(new MessageTruncated({ ...partial, cause }))
    this.owner.inbox.leave(this.peer)
    this.owner.release(this, Exit.void)
  }

  private leave(cause: LeaveCause): void {
    this.owner.inbox.leave(this.peer, cause)
    this.owner.release(this, Exit.fail(cause))
  }

  private lost(cause: WriteError): PeerLost {
    const reason = cause._tag === "DuctClosed" ? "Closed" : "Vanished"
    return new PeerLost({ operation: "send", peer: this.peer.id, reason, cause })
  }
}

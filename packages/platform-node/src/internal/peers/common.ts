/** What the transports of peers have in common. */
import { ConnectFailed, DuctClosed } from "@ductworks/core/DuctError"
import { MessageTooLarge } from "@ductworks/message/MessageError"
import { UnknownPeer } from "@ductworks/peers/PeerError"
import type { Peer, TransportStats } from "@ductworks/peers/PeerTransport"
import * as Exit from "effect/Exit"
import { details, reasonOf } from "../errno.js"

/** Bytes that packets which are not whole may hold, of all connections of a transport together. */
export const defaultReassembly = 64 * 1024 * 1024

export const taken = Exit.succeed(true)
export const full = Exit.succeed(false)
export const shut = Exit.fail(new DuctClosed({ operation: "send" }))

export const tooLarge = (size: number, limit: number, direction: "send" | "recv" = "send"): MessageTooLarge =>
  new MessageTooLarge({ direction, size, limit, limitName: "maxPacketBytes" })

export const unknown = (peer: Peer): Exit.Exit<never, UnknownPeer> =>
  Exit.fail(new UnknownPeer({ operation: "send", peer: peer.id }))

export const unreached = (endpoint: string, cause: unknown): ConnectFailed =>
  new ConnectFailed({ reason: reasonOf(cause), address: endpoint, ...details(cause) })

/** What a transport counts. */
export class Counters {
  droppedDatagrams = 0
  oversize = 0
  malformed = 0
  refused = 0

  readonly stats = (): TransportStats => ({
    droppedDatagrams: this.droppedDatagrams,
    oversize: this.oversize,
    malformed: this.malformed,
    refused: this.refused
  })
}

/** Who waits for room in an outgoing buffer. */
export class Waiting {
  private waiting: Array<() => void> = []

  add(wake: () => void): void {
    this.waiting.push(wake)
  }

  remove(wake: () => void): void {
    this.waiting = this.waiting.filter((other) => other !== wake)
  }

  wake(): void {
    if (this.waiting.length === 0) return
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

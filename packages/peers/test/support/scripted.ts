import { PeerInbox, PeerTransport } from "@ductworks/peers"
import { MessageTooLarge } from "@ductworks/message/MessageError"
import type { TransmitError } from "@ductworks/peers/PeerError"
import { Deferred, Effect, Exit } from "effect"

/** A transport whose other side is the test: what comes in is pushed, what goes out is noted. */
export class Scripted implements PeerTransport.PeerTransportService {
  readonly endpoints = ["test://here"]
  maxPacketBytes = 1024 * 1024
  readonly inbox = new PeerInbox.PeerInbox({ maxPackets: 10_000, maxBytes: 1e9 })
  readonly receive = this.inbox.receive
  /** What was taken, in order: id of the peer, text of the packet. */
  readonly sent: Array<readonly [string, string]> = []
  readonly closed: Array<string> = []
  readonly paused: Array<readonly [string, boolean]> = []
  /** Ids of peers that take nothing now. */
  readonly stalled = new Set<string>()
  /** What sending to a peer fails with. */
  readonly broken = new Map<string, TransmitError>()
  private waiting: Array<Deferred.Deferred<void>> = []

  constructor(readonly kind: "stream" | "datagram" = "stream") {}

  readonly pause = (peer: PeerTransport.Peer, isPaused: boolean) => {
    this.paused.push([peer.id, isPaused])
    this.inbox.pause(peer, isPaused)
  }

  readonly offer = (peer: PeerTransport.Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    const broken = this.broken.get(peer.id)
    if (broken !== undefined) return Exit.fail(broken)
    if (packet.length > this.maxPacketBytes) {
      const limit = this.maxPacketBytes
      return Exit.fail(
        new MessageTooLarge({ direction: "send", size: packet.length, limit, limitName: "maxPacketBytes" })
      )
    }
    if (this.stalled.has(peer.id)) return Exit.succeed(false)
    this.sent.push([peer.id, new TextDecoder().decode(packet)])
    return Exit.succeed(true)
  }

  readonly send = (peer: PeerTransport.Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const offered = this.offer(peer, packet)
      if (Exit.isFailure(offered) || offered.value) return Exit.asVoid(offered)
      return Effect.gen(this, function* () {
        const room = yield* Deferred.make<void>()
        this.waiting.push(room)
        yield* Deferred.await(room)
        yield* this.send(peer, packet)
      })
    })

  readonly connect = (endpoint: string) =>
    Effect.sync(() => {
      const peer = PeerTransport.Peer(`${endpoint}#1`, endpoint)
      if (this.kind === "stream") this.inbox.join(peer, true)
      return this.kind === "stream" ? peer : PeerTransport.Peer(endpoint)
    })

  readonly close = (peer: PeerTransport.Peer) =>
    Effect.sync(() => {
      this.closed.push(peer.id)
      this.inbox.drop(peer)
    })

  readonly stats = () => PeerTransport.noStats

  /** A peer that takes packets again. */
  go(id: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.stalled.delete(id)
      const waiting = this.waiting
      this.waiting = []
      return Effect.forEach(waiting, (room) => Deferred.succeed(room, undefined), { discard: true })
    })
  }

  /** A peer that connects. */
  join(id: string): PeerTransport.Peer {
    const peer = PeerTransport.Peer(id)
    this.inbox.join(peer, false)
    return peer
  }

  /** A packet: a text, or a value as JSON. */
  push(peer: PeerTransport.Peer, body: unknown): void {
    const packet = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))
    if (this.kind === "stream") this.inbox.push(peer, packet)
    else this.inbox.datagram(peer, packet)
  }

  /** What was sent to the peer, and forgotten. */
  sentTo(peer: PeerTransport.Peer): ReadonlyArray<string> {
    return this.sent.filter(([id]) => id === peer.id).map(([, body]) => body)
  }
}

/** Lets all other fibers go on until they wait; time stands still. */
export const settle: Effect.Effect<void> = Effect.repeatN(Effect.yieldNow(), 50)

/** Lets the other fibers go on until it is so; time stands still. (The test's time-out is the end of what never is.) */
export const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.repeat(
    Effect.zipRight(
      settle,
      Effect.sync(() => holds())
    ),
    { until: (is) => is }
  ).pipe(Effect.asVoid)

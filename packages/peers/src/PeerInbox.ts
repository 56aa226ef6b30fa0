/**
 * The receiving half of a transport: events of many peers between whoever reads the system and `receive`. Each peer has
 * a bounded place of its own and its turn, can be paused alone, and keeps its order; nothing is lost to interruption.
 *
 * @since 0.1.0
 */
import { sizeOr } from "@ductworks/core/Connection"
import { DuctClosed } from "@ductworks/core/DuctError"
import { Exclusive } from "@ductworks/core/Exclusive"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { LeaveCause, ReceiveError } from "./PeerError.js"
import { Fifo } from "./internal/fifo.js"
import { Place } from "./internal/place.js"
import type { Peer, PeerTransportService, TransportEvent } from "./PeerTransport.js"

/**
 * Bytes that all peers of a socket may hold together, such as packets that are not whole yet. A transport takes before it
 * keeps, and closes the peer for which it cannot.
 *
 * @since 0.1.0
 * @category models
 */
export class PeerBudget {
  private taken = 0

  /** @param limit bytes */
  constructor(readonly limit: number) {}

  /** Bytes taken and not given back. */
  get held(): number {
    return this.taken
  }

  /** Takes the bytes, unless that would be over the limit. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.limit) return false
    this.taken += bytes
    return true
  }

  give(bytes: number): void {
    this.taken -= bytes
  }
}

/**
 * The limits of an inbox. All are finite by default; a number below 1 counts as 1, and NaN as the default.
 *
 * @since 0.1.0
 * @category models
 */
export interface InboxOptions {
  /** Packets of one peer that wait to be received, and of all datagram sources together. Default 64. */
  readonly maxPackets?: number
  /** Bytes of them; a single packet may be bigger. Default 256 KiB. */
  readonly maxBytes?: number
  /** Events that one `receive` gives at most. Default 64. */
  readonly maxBatch?: number
}

type Batch = Arr.NonEmptyReadonlyArray<TransportEvent>

/** One peer's share of a batch while others wait too. */
const turnOf = 8

/**
 * The inbox of one transport. The methods are for whoever reads the system, and never throw; `receive`, `take`,
 * `onArrival` and `pause` are what a `PeerTransportService` offers under these names.
 *
 * @since 0.1.0
 * @category models
 */
export class PeerInbox {
  /** Of each peer that joined; none before anything but its joining waited there, which of most peers of a server nothing does. */
  private readonly places = new Map<string, Place | undefined>()
  private readonly datagrams = new Place()
  private readonly ring = new Fifo<Place>()
  private unseen = 0
  private ended: Exit.Exit<never, ReceiveError> | undefined
  private resume: (() => void) | undefined
  private readonly turn = new Exclusive("receive")
  private readonly maxPackets: number
  private readonly maxBytes: number
  private readonly maxBatch: number

  constructor(options: InboxOptions = {}) {
    this.maxPackets = sizeOr(options.maxPackets, 64)
    this.maxBytes = sizeOr(options.maxBytes, 256 * 1024)
    this.maxBatch = sizeOr(options.maxBatch, 64)
  }

  /** Peers that joined and whose `Left` was not received yet. */
  get size(): number {
    return this.places.size
  }

  /** Peers that joined, and whose `Joined` was not received yet: a transport accepts no more when they are many. */
  get unseenJoins(): number {
    return this.unseen
  }

  /** A connection stands. */
  join(peer: Peer, isOurs: boolean): void {
    if (this.ended !== undefined || this.places.has(peer.id)) return
    this.unseen++
    const place = new Place()
    this.places.set(peer.id, place)
    this.add(place, { _tag: "Joined", peer, isOurs })
  }

  private placeOf({ id }: Peer): Place | undefined {
    const place = this.places.get(id)
    if (place !== undefined || !this.places.has(id)) return place
    const made = new Place()
    this.places.set(id, made)
    return made
  }

  /** A packet of a peer that joined. It is taken in any case; whether there is {@link room} for another one. */
  push(peer: Peer, packet: Uint8Array): boolean {
    const place = this.placeOf(peer)
    if (place === undefined || place.hasLeft || this.ended !== undefined) return false
    place.bytes += packet.length
    this.add(place, { _tag: "Packet", peer, packet })
    return this.hasRoom(place)
  }

  /** A packet from anybody. Whether it was taken: when too many wait it is dropped, for the transport to count. */
  datagram(peer: Peer, packet: Uint8Array): boolean {
    if (!this.hasRoom(this.datagrams) || this.ended !== undefined) return false
    this.datagrams.bytes += packet.length
    this.add(this.datagrams, { _tag: "Packet", peer, packet })
    return true
  }

  /** The peer is gone; that is received after its packets, and once: who left cannot leave again, nor send. */
  leave(peer: Peer, cause?: LeaveCause): void {
    const place = this.placeOf(peer)
    if (place === undefined || place.hasLeft || this.ended !== undefined) return
    place.hasLeft = true
    this.add(place, cause === undefined ? { _tag: "Left", peer } : { _tag: "Left", peer, cause })
    place.wake()
  }

  /** The peer was closed on this side: what waits of it is dropped, but for the `Left`. */
  drop(peer: Peer, cause?: LeaveCause): void {
    const place = this.placeOf(peer)
    if (place === undefined) return
    // Who was not told that it joined need not be told that it left.
    if (place.drop()) {
      this.unseen--
      this.places.delete(peer.id)
      return place.wake()
    }
    place.isPaused = place.hasLeft = false
    this.leave(peer, cause)
  }

  /** Nothing more comes: what waits is dropped, and `receive` fails with the error from now on. */
  end(error: ReceiveError = new DuctClosed({ operation: "receive" })): void {
    if (this.ended !== undefined) return
    this.ended = Exit.fail(error)
    const places = [...this.places.values()]
    this.places.clear()
    this.ring.clear()
    for (const place of places) place?.wake()
    this.wake()
  }

  /** Completes when there is room for another packet of the peer, or it left: for the fiber that reads its connection. */
  room(peer: Peer): Effect.Effect<void> {
    return Effect.async<void>((resume) => this.whenRoom(peer, () => resume(Exit.void)))
  }

  /** {@link room} for who has no fiber: calls `wake` once, at once if there is room. */
  whenRoom(peer: Peer, wake: () => void): void {
    const place = this.places.get(peer.id)
    if (place === undefined || place.hasLeft || this.hasRoom(place)) wake()
    else place.whenWoken(wake)
  }

  /** As `PeerTransportService` has it. */
  readonly pause: PeerTransportService["pause"] = (peer, isPaused) => {
    const place = isPaused ? this.placeOf(peer) : this.places.get(peer.id)
    if (place === undefined) return
    place.isPaused = isPaused
    if (!isPaused) this.enter(place)
  }

  /** As `PeerTransportService` has it. */
  readonly receive: PeerTransportService["receive"] = this.turn.run(() => {
    if (this.ended !== undefined) return this.turn.fail(this.ended)
    return this.skipPaused() === undefined ? Effect.flatMap(this.arrival, () => this.receive) : this.taking
  })

  private readonly arrival: Effect.Effect<void> = Effect.async((resume) => this.onArrival(() => resume(Exit.void)))

  private readonly taking = this.turn.commit((): Batch => {
    const batch = this.batch()
    if (batch === undefined) throw new Error("ductworks: the turn was lost between look and commit")
    return batch
  })

  /** As `PeerTransportService` has it. */
  readonly take: NonNullable<PeerTransportService["take"]> = () => this.ended ?? this.batch()

  /** As `PeerTransportService` has it. */
  readonly onArrival: NonNullable<PeerTransportService["onArrival"]> = (wake) => {
    this.resume = wake
    if (this.ended !== undefined || this.skipPaused() !== undefined) this.wake()
  }

  private batch(): Batch | undefined {
    const batch: Array<TransportEvent> = []
    for (
      let place = this.skipPaused();
      place !== undefined && batch.length < this.maxBatch;
      place = this.skipPaused()
    ) {
      this.takeTurn(place, batch)
    }
    return Arr.isNonEmptyReadonlyArray(batch) ? batch : undefined
  }

  /** The first place of the ring gives its share, and goes to the end if it has more. */
  private takeTurn(place: Place, batch: Array<TransportEvent>): void {
    this.leaveRing(place)
    for (let left = Math.min(turnOf, this.maxBatch - batch.length); left > 0; left--) {
      const event = place.shift()
      if (event === undefined) break
      batch.push(event)
      if (event._tag === "Joined") this.joined(event.peer, place)
      if (event._tag === "Left") this.places.delete(event.peer.id)
    }
    if (this.hasRoom(place)) place.wake()
    this.enter(place)
  }

  private joined({ id }: Peer, place: Place): void {
    this.unseen--
    if (place.isUnused) this.places.set(id, undefined)
  }

  private add(place: Place, event: TransportEvent): void {
    place.push(event)
    this.enter(place)
    if (!place.isPaused) this.wake()
  }

  private enter(place: Place): void {
    if (place.isInRing || place.isPaused || place.size === 0 || this.ended !== undefined) return
    place.isInRing = true
    this.ring.push(place)
    this.wake()
  }

  /** The first place of the ring that has something to give. */
  private skipPaused(): Place | undefined {
    for (;;) {
      const place = this.ring.peek()
      if (place === undefined || (!place.isPaused && place.size > 0)) return place
      this.leaveRing(place)
    }
  }

  private leaveRing(place: Place): void {
    place.isInRing = false
    this.ring.shift()
  }

  private hasRoom(place: Place): boolean {
    return place.size < this.maxPackets && place.bytes < this.maxBytes
  }

  private wake(): void {
    const resume = this.resume
    this.resume = undefined
    resume?.()
  }
}

import type { PeerLost } from "../PeerError.js"
import type { KnownPeer } from "../PeerSocket.js"
import type { Peer } from "../PeerTransport.js"
import type { Entry } from "./table.js"
import type { Started } from "./fibers.js"
import { Fifo } from "./fifo.js"
import type { Outbox } from "./outbox.js"
import type { Timer } from "./timers.js"

/** A packet that waits to be parsed. */
export interface Arrived {
  readonly member: Member
  readonly packet: Uint8Array
  /** What `goodPeer` says, or is still about to. */
  readonly good: Started<boolean>
}

/** A message that was parsed. */
export class Incoming {
  isCancelled = false
  /** Its handlers, once they run. */
  job: { readonly interrupt: () => void } | undefined = undefined

  constructor(
    readonly member: Member,
    /** As `handleAll` has it. */
    readonly peer: Peer,
    readonly entry: Entry,
    readonly data: unknown,
    /** Of a request. */
    readonly id: number | undefined,
    /** Of the packet that it came in. */
    readonly bytes: number
  ) {}

  /** Nobody waits for what its handlers do. */
  stop(): void {
    this.isCancelled = true
    this.job?.interrupt()
  }
}

/**
 * Where the packets of a peer wait to be parsed, and its messages for a handler; in order. In sequential mode all peers
 * share one.
 */
export class Lane {
  readonly packets = new Fifo<Arrived>()
  readonly messages = new Fifo<Incoming>()
  bytes = 0
  isParsing = false
  /** Messages whose handlers run. */
  running = 0
  isAdvancing = false

  /** @param owner the one peer whose lane it is; none where it is shared */
  constructor(readonly owner?: Member) {}
}

/** How a peer left. */
export interface Parting {
  readonly reason: PeerLost
  readonly isLoss: boolean
}

/** A call that waits for its reply. */
export interface Call {
  readonly fail: (error: PeerLost) => void
}

/** In place of metadata that nobody has asked for. */
const unmade = Symbol("ductworks/unmade")

/** One peer, as long as the socket has something to do with it. */
export class Member implements KnownPeer<unknown> {
  /** An empty object is made when it is asked for: of most peers it never is, and it would be a tenth of their memory. */
  private own: unknown = unmade
  /**
   * stranger: a datagram source that nobody accepted. joining: connected, and goodPeer or connectTo have not decided.
   * leaving: gone, but what it sent is still being handled.
   */
  state: "stranger" | "joining" | "known" | "leaving" | "gone"
  /** Milliseconds of the monotonic clock. */
  lastSeen = 0
  /** Whether a good message came from it. */
  hasSpoken = false
  isPaused = false
  /** Packets, messages and running jobs of it in the lane. */
  pending = 0
  silence: Timer | undefined = undefined
  outbox: Outbox | undefined = undefined
  /** Why it is leaving: told when what it sent was handled. */
  parting: Parting | undefined = undefined
  /** Our calls to it; made with the first, as most peers are never called. */
  private calls: Set<Call> | undefined = undefined
  /** Its requests to us, by id. */
  private requests: Map<number, Incoming> | undefined = undefined

  constructor(
    readonly peer: Peer,
    /** The one of all, or its own, made with the first packet. */
    private queue: Lane | undefined,
    /** Whether this side connected. */
    readonly isOurs: boolean,
    isStranger: boolean
  ) {
    this.state = isStranger ? "stranger" : "joining"
  }

  get metadata(): unknown {
    if (this.own === unmade) this.own = {}
    return this.own
  }

  set metadata(metadata: unknown) {
    this.own = metadata
  }

  get lane(): Lane {
    return (this.queue ??= new Lane(this))
  }

  /** Whether something of it may wait there. */
  get hasLane(): boolean {
    return this.queue !== undefined
  }

  addCall(call: Call): void {
    this.calls ??= new Set()
    this.calls.add(call)
  }

  endCall(call: Call): void {
    this.calls?.delete(call)
  }

  request(id: number): Incoming | undefined {
    return this.requests?.get(id)
  }

  /** Whether there are fewer than that many, and none of this id. */
  hasPlaceFor(id: number, limit: number): boolean {
    return this.requests === undefined || (this.requests.size < limit && !this.requests.has(id))
  }

  addRequest(id: number, request: Incoming): void {
    this.requests ??= new Map()
    this.requests.set(id, request)
  }

  endRequest(id: number): void {
    this.requests?.delete(id)
  }

  /** Nobody waits for it any more, and nobody there waits for us. */
  end(error: PeerLost): void {
    this.outbox?.close()
    this.outbox = undefined
    if (this.calls !== undefined) for (const call of [...this.calls]) call.fail(error)
    if (this.requests !== undefined) for (const request of [...this.requests.values()]) request.stop()
  }
}

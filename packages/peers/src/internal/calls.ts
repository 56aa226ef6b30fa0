import { DuctClosed, DuctTimeout, Unsupported } from "@ductworks/core/DuctError"
import { andThen, isDone } from "@ductworks/core/Settled"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type PeerLost, type RequestError, RequestFailed } from "../PeerError.js"
import type { Envelope } from "../PeerFormat.js"
import type { Peer } from "../PeerTransport.js"
import type { Counters } from "./counters.js"
import type { Fibers } from "./fibers.js"
import type { Call, Incoming } from "./member.js"
import type { Outflow } from "./outflow.js"
import type { Answers } from "./pool.js"
import type { Roster } from "./roster.js"
import { control, type Entry } from "./table.js"
import { Alarm, type Timers } from "./timers.js"

type Reason = RequestFailed["reason"]
type Outcome = Effect.Effect<unknown, RequestError>

const reasons: ReadonlyArray<Reason> = ["NoHandler", "HandlerFailed", "Undecodable", "TooMany"]

/** A request of ours. Settled once: by a reply, a refusal, the time-out, the peer's leaving or the socket's closing. */
class Asked implements Call {
  private outcome: Outcome | undefined
  private resume: ((outcome: Outcome) => void) | undefined
  /** Whether the other side has nothing to cancel any more. */
  isAnswered = false

  constructor(
    readonly id: number,
    readonly entry: Entry,
    readonly peer: Peer
  ) {}

  readonly fail = (error: PeerLost): void => {
    this.isAnswered = true
    this.settle(Exit.fail(error))
  }

  settle(outcome: Outcome): void {
    if (this.outcome !== undefined) return
    this.outcome = outcome
    this.resume?.(outcome)
  }

  readonly settled: Outcome = Effect.async((resume) => {
    this.resume = resume
    if (this.outcome !== undefined) resume(this.outcome)
  })
}

/** Requests and their answers, in both directions. */
export class Calls implements Answers {
  private lastId = 0
  private readonly asked = new Map<number, Asked>()
  private isClosed = false

  constructor(
    private readonly hasControl: boolean,
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly timers: Timers,
    private readonly roster: Roster,
    private readonly outflow: Outflow
  ) {}

  get size(): number {
    return this.asked.size
  }

  close(): void {
    this.isClosed = true
    for (const call of this.asked.values()) call.settle(closed)
  }

  request(entry: Entry, data: unknown, peer: Peer, timeout: Duration.Duration): Outcome {
    if (this.isClosed) return closed
    if (!this.hasControl) return unsupported
    const id = ++this.lastId
    const packet = andThen(
      this.outflow.guarded("the Schema", () => entry.data.encode(data)),
      (data) => this.outflow.encode({ type: entry.wire, data, id })
    )
    return Effect.flatMap(packet, (packet) => this.ask(new Asked(id, entry, peer), packet, timeout))
  }

  private ask(call: Asked, packet: Uint8Array, timeout: Duration.Duration): Outcome {
    const timer = new Alarm(() => call.settle(Exit.fail(new DuctTimeout({ operation: "request", timeout }))))
    const member = this.roster.find(call.peer)
    const end = () => {
      this.timers.cancel(timer)
      this.asked.delete(call.id)
      member?.endCall(call)
      return call.isAnswered ? Exit.void : this.cancel(call)
    }
    return Effect.suspend(() => {
      this.asked.set(call.id, call)
      member?.addCall(call)
      this.timers.set(timer, Duration.toMillis(timeout))
      // The answer, or the time-out, may come while a slow peer has not taken the request yet.
      return Effect.zipRight(this.outflow.transmit(packet, call.peer), call.settled)
    }).pipe(Effect.onExit(end))
  }

  /** Nobody waits any more, and the other side should know. */
  private cancel(call: Asked): Effect.Effect<void> {
    const packet = this.outflow.encode({ type: control.cancel, data: null, id: call.id })
    return Effect.ignore(andThen(packet, (packet) => this.outflow.post(packet, call.peer)))
  }

  /** A reply or a refusal came. */
  answered(peer: Peer, { data, id, type }: Envelope, size: number): void {
    const call = id === undefined ? undefined : this.asked.get(id)
    // Another peer cannot answer for the one that was asked.
    if (call === undefined || call.peer.id !== peer.id || call.isAnswered) {
      this.counters.unexpectedReplies++
      return
    }
    call.isAnswered = true
    if (type === control.reply) return call.settle(this.decoded(call, data, size))
    call.settle(failed(call.entry, peer, reasons.find((reason) => reason === data) ?? "Undecodable"))
  }

  private decoded(call: Asked, data: unknown, size: number): Outcome {
    const { entry, peer } = call
    const { reply } = entry
    if (reply === undefined) return failed(entry, peer, "Undecodable")
    const decoded = this.outflow.guarded("the Schema of the reply", () => reply.decode(data, size))
    const explain = (cause: unknown) =>
      new RequestFailed({ type: entry.name, peer: peer.id, reason: "Undecodable", cause })
    return isDone(decoded) ? Exit.mapError(decoded, explain) : Effect.mapError(decoded, explain)
  }

  /** Answers a request; what cannot be written is a fault of the handler. */
  reply(incoming: Incoming, value: unknown): Effect.Effect<void> {
    const { entry, id, peer } = incoming
    const { reply } = entry
    if (reply === undefined) return this.refuse(incoming, "NoHandler")
    const packet = andThen(
      this.outflow.guarded("the Schema of the reply", () => reply.encode(value)),
      (data) => this.outflow.encode({ type: control.reply, data, id })
    )
    const unsent = (cause: unknown) => {
      this.counters.handlerFailures++
      this.fibers.error("a reply could not be sent", { type: entry.name, peer: peer.id, cause })
      return this.refuse(incoming, "HandlerFailed")
    }
    if (isDone(packet) && Exit.isFailure(packet)) return unsent(packet.cause)
    return Effect.matchEffect(packet, {
      onFailure: unsent,
      onSuccess: (packet) => Effect.ignore(this.outflow.transmit(packet, peer))
    })
  }

  refuse(incoming: { readonly peer: Peer; readonly id: number | undefined }, reason: Reason): Effect.Effect<void> {
    const packet = this.outflow.encode({ type: control.error, data: reason, id: incoming.id })
    return Effect.ignore(andThen(packet, (packet) => this.outflow.post(packet, incoming.peer)))
  }
}

const failed = (entry: Entry, peer: Peer, reason: Reason) =>
  Exit.fail(new RequestFailed({ type: entry.name, peer: peer.id, reason }))

const closed = Exit.fail(new DuctClosed({ operation: "request" }))

const unsupported = Exit.fail(
  new Unsupported({
    operation: "request",
    problem: "the format has no place for its id; use one with hasControl, as json"
  })
)

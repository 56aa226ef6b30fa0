import { DuctClosed } from "@ductworks/core/DuctError"
import { andThen, isDone, isSucceeded } from "@ductworks/core/Settled"
import { MessageTooLarge, SerializeError } from "@ductworks/message/MessageError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { PeerLost, type SendError, SendQueueFull, type TransmitError } from "../PeerError.js"
import type { Envelope, PeerFormat } from "../PeerFormat.js"
import type { Options } from "../PeerOptions.js"
import type { Messages } from "../PeerProtocol.js"
import type { Peer, PeerTransportService } from "../PeerTransport.js"
import type { Counters } from "./counters.js"
import { type Fibers, start } from "./fibers.js"
import { toBytes } from "./format.js"
import type { Member } from "./member.js"
import { Outbox } from "./outbox.js"
import type { Roster } from "./roster.js"
import type { Resolved } from "./settings.js"
import type { Timers } from "./timers.js"

type StepError = SerializeError | DuctClosed
type Packet = Effect.Effect<Uint8Array, StepError | MessageTooLarge>

/** From a message to packets that were taken, or wait for a slow peer. */
export class Outflow {
  private isClosed = false

  constructor(
    private readonly transport: PeerTransportService,
    private readonly format: PeerFormat,
    private readonly hooks: Pick<Options<Messages, unknown>, "serialise" | "encode">,
    private readonly settings: Resolved,
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly timers: Timers,
    private readonly roster: Roster
  ) {}

  close(): void {
    this.isClosed = true
  }

  /** The packet of a message whose data the format can write: serialise, then encode. */
  encode(envelope: Envelope): Packet {
    const { encode, serialise } = this.hooks
    const body: Packet =
      serialise === undefined
        ? this.guarded("the format", () => this.format.encode(envelope))
        : andThen(
            this.guarded("the serialise hook", () => serialise(envelope)),
            (body) => Exit.succeed(toBytes(body))
          )
    const made = unless(body, this.tooLong)
    const packet =
      encode === undefined ? made : andThen(made, (bytes) => this.guarded("the encode hook", () => encode(bytes)))
    return unless(packet, this.tooLarge)
  }

  /** To the peer, or to all known ones. */
  transmit(packet: Uint8Array, peer: Peer | undefined): Effect.Effect<void, SendError> {
    if (this.isClosed) return closed
    return this.tooLarge(packet) ?? (peer === undefined ? this.broadcast(packet) : this.direct(peer, packet))
  }

  /** A step that others wrote, in at most `hookTimeout`; what goes wrong in it is a `SerializeError`. */
  guarded<A>(what: string, step: () => Effect.Effect<A, unknown, unknown>): Effect.Effect<A, StepError> {
    try {
      const effect = step()
      if (isSucceeded(effect)) return effect
      return isDone(effect) && Exit.isFailure(effect) ? this.failedStep(what, effect.cause) : this.within(what, effect)
    } catch (defect) {
      return this.failedStep(what, Cause.die(defect))
    }
  }

  /** In a fiber of the socket, with its services, which ends with the caller's. */
  private within<A>(what: string, effect: Effect.Effect<A, unknown, unknown>): Effect.Effect<A, StepError> {
    return Effect.async((resume) => {
      const started = start(this.fibers.runtime, () => effect)
      this.timers.within(started, this.settings.hookMillis, (exit, isLate) => {
        if (Exit.isSuccess(exit)) return resume(Exit.succeed(exit.value))
        if (this.isClosed && Cause.isInterruptedOnly(exit.cause)) return resume(closed)
        if (!isLate) return resume(this.failedStep(what, exit.cause))
        resume(Exit.fail(this.explain(`${what} took longer than hookTimeout`, Cause.squash(exit.cause))))
      })
      return Exit.isExit(started) ? undefined : Effect.asVoid(Fiber.interrupt(started))
    })
  }

  private failedStep(what: string, cause: Cause.Cause<unknown>): Exit.Exit<never, SerializeError> {
    return Exit.fail(this.explain(`${what} failed`, Cause.squash(cause)))
  }

  private explain(problem: string, cause: unknown): SerializeError {
    return cause instanceof SerializeError
      ? cause
      : new SerializeError({ serializer: this.format.name, problem, cause })
  }

  /** Takes it without waiting, if that is possible now or the peer's queue has room: for what nobody waits for. */
  post(packet: Uint8Array, peer: Peer): Effect.Effect<void> {
    if (this.isClosed) return Exit.void
    return this.offer(peer, packet)
  }

  /** To all known peers that take it now. Who has something waiting will hear from us anyway. */
  beat(packet: Uint8Array): Effect.Effect<void> {
    const offers = [...this.roster.known.values()]
      .filter((member) => member.state === "known" && member.outbox === undefined)
      .map((member) => Effect.exit(this.transport.offer(member.peer, packet)))
    return Effect.all(offers, { discard: true })
  }

  private readonly tooLong = (body: Uint8Array) => over(body, this.format.maxMessageBytes, "maxMessageBytes")

  private readonly tooLarge = (packet: Uint8Array) => over(packet, this.transport.maxPacketBytes, "maxPacketBytes")

  private direct(peer: Peer, packet: Uint8Array): Effect.Effect<void, SendError> {
    const member = this.roster.find(peer)
    if (this.settings.slowPeer === "wait") {
      const outbox = member?.outbox
      if (outbox === undefined) return this.counted(this.transport.send(peer, packet))
      // Behind what a broadcast left there.
      return Effect.flatMap(outbox.settled, () => this.transmit(packet, peer))
    }
    if (member?.outbox !== undefined) return this.enqueue(peer, member, packet)
    return andThen(this.transport.offer(peer, packet), (isTaken) => {
      if (!isTaken) return this.enqueue(peer, member, packet)
      this.counters.sent++
      return Exit.void
    })
  }

  private counted(send: Effect.Effect<void, TransmitError>): Effect.Effect<void, TransmitError> {
    return andThen(send, () => {
      this.counters.sent++
      return Exit.void
    })
  }

  /** What is done at once is done in one go; a transport that has to run something does so one peer after the other. */
  private broadcast(packet: Uint8Array): Effect.Effect<void> {
    let rest: Array<Effect.Effect<void>> | undefined
    for (const member of this.roster.known.values()) {
      if (member.state !== "known") continue
      const offered = this.offer(member.peer, packet, member)
      if (!isDone(offered)) (rest ??= []).push(offered)
    }
    return rest === undefined ? Exit.void : Effect.all(rest, { discard: true })
  }

  /** Never waits and never fails: what does not work with one peer is told to the log and the counters. */
  private offer(peer: Peer, packet: Uint8Array, member = this.roster.find(peer)): Effect.Effect<void> {
    if (member?.outbox !== undefined) {
      this.enqueue(peer, member, packet)
      return Exit.void
    }
    const offered = this.transport.offer(peer, packet)
    if (isDone(offered)) return this.offered(peer, member, packet, offered)
    return Effect.flatMap(Effect.exit(offered), (exit) => this.offered(peer, member, packet, exit))
  }

  private offered(
    peer: Peer,
    member: Member | undefined,
    packet: Uint8Array,
    exit: Exit.Exit<boolean, TransmitError>
  ): Exit.Exit<void> {
    if (Exit.isFailure(exit)) this.failed(peer, exit.cause)
    else if (exit.value) this.counters.sent++
    else this.enqueue(peer, member, packet)
    return Exit.void
  }

  private failed(peer: Peer, cause: Cause.Cause<unknown>): void {
    this.counters.failedSent++
    this.fibers.debug("a packet could not be sent", { peer: peer.id }, cause)
  }

  /** The transport has no room for the peer: its queue, or what the policy says. */
  private enqueue(
    peer: Peer,
    member: Member | undefined,
    packet: Uint8Array
  ): Exit.Exit<void, SendQueueFull | PeerLost> {
    const { sendQueue, sendQueueBytes, slowPeer } = this.settings
    if (member === undefined || member.state === "gone") return this.refused(peer, "sendQueue", 0)
    const outbox = (member.outbox ??= this.openOutbox(member))
    let full = outbox.refusal(packet)
    if (full !== undefined && slowPeer === "disconnect") {
      this.counters.tooSlow++
      this.roster.lose(member, "TooSlow")
      return Exit.fail(new PeerLost({ operation: "send", peer: peer.id, reason: "TooSlow" }))
    }
    for (; full !== undefined && slowPeer === "dropOldest"; full = outbox.refusal(packet)) {
      outbox.shift()
      this.counters.droppedSent++
    }
    if (full !== undefined) return this.refused(peer, full, full === "sendQueue" ? sendQueue : sendQueueBytes)
    outbox.push(packet)
    return Exit.void
  }

  private refused(peer: Peer, limitName: string, limit: number): Exit.Exit<never, SendQueueFull> {
    this.counters.droppedSent++
    return Exit.fail(new SendQueueFull({ peer: peer.id, limit, limitName }))
  }

  /** A queue, and the fiber that empties it; both go when it is empty. */
  private openOutbox(member: Member): Outbox {
    const { peer } = member
    const outbox = new Outbox(this.settings.sendQueue, this.settings.sendQueueBytes)
    const drain: Effect.Effect<void> = Effect.suspend(() => {
      const packet = outbox.shift()
      if (packet === undefined) {
        if (member.outbox === outbox) member.outbox = undefined
        outbox.settle()
        return Exit.void
      }
      return Effect.matchCauseEffect(this.counted(this.transport.send(peer, packet)), {
        onFailure: (cause) => {
          if (!Cause.isInterruptedOnly(cause)) this.failed(peer, cause)
          return drain
        },
        onSuccess: () => drain
      })
    })
    // Not before the first packet is in it.
    this.fibers.background(Effect.zipRight(Effect.yieldNow(), drain))
    return outbox
  }
}

const closed = Exit.fail(new DuctClosed({ operation: "send" }))

/** Why it may not be sent, if so. */
const over = (bytes: Uint8Array, limit: number, limitName: string): Exit.Exit<never, MessageTooLarge> | undefined =>
  bytes.length > limit
    ? Exit.fail(new MessageTooLarge({ direction: "send", size: bytes.length, limit, limitName }))
    : undefined

/** What was made, unless it is refused. */
const unless = <E>(made: Effect.Effect<Uint8Array, E>, refused: (bytes: Uint8Array) => ReturnType<typeof over>) =>
  isSucceeded(made)
    ? (refused(made.value) ?? made)
    : andThen(made, (bytes): Exit.Exit<Uint8Array, MessageTooLarge> => refused(bytes) ?? Exit.succeed(bytes))

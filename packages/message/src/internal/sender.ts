import * as Connection from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { NotConnected } from "@ductworks/core/DuctError"
import { lineOf, type RawDuct } from "@ductworks/core/RawDuct"
import { andThen, attempted, isDone } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Lock } from "../MessageDuct.js"
import { type MessageTooLarge, type SendError, SerializeError } from "../MessageError.js"
import type { Outbound } from "./format.js"
import { batchBytes } from "./frames.js"
import { holding, type Restore } from "./holding.js"
import { Outgoing } from "./outgoing.js"
import type { Payload } from "./quoted.js"
import type { Scratch } from "./scratch.js"

const notConnected = Exit.fail(new NotConnected({ operation: "send" }))

/** Messages into whole frames, and those to the raw duct, which takes each in one piece. */
export class Sender<in Out> {
  private frames: Outgoing | undefined
  /** The batch of a `sendAll` whose messages are being asked for, and what is left to be run to send those before. */
  private drawn: Outgoing | undefined
  private sending: Effect.Effect<void, SendError> | undefined

  constructor(
    private readonly raw: RawDuct,
    private readonly format: Outbound<Out>,
    private readonly lock: Lock | undefined
  ) {}

  /** What is to leave, and no memory before the first message. */
  private get outgoing(): Outgoing {
    return (this.frames ??= new Outgoing(this.format))
  }

  send(message: Out): Effect.Effect<void, SendError> {
    return this.locked(() => {
      const encoding = this.encode(message)
      if (!isDone(encoding)) return Effect.flatMap(encoding, (payload) => this.sendPayload(payload))
      return Exit.isSuccess(encoding) ? this.sendPayload(encoding.value) : encoding
    })
  }

  sendAll(messages: Iterable<Out>): Effect.Effect<void, SendError> {
    return this.locked(() => {
      const iterator = messages[Symbol.iterator]()
      // What `for ... of` does when it is left early: a generator runs its `finally`.
      return Effect.onError(this.sendRest(iterator, false), () => Effect.sync(() => iterator.return?.()))
    })
  }

  /** Batch by batch, so that an endless iterable leaves with bounded memory. */
  private sendRest(messages: Iterator<Out>, isLong: boolean): Effect.Effect<void, SendError> {
    this.sendDrawn()
    const { outgoing } = this
    const line = lineOf(this.raw)
    if (line === undefined) return notConnected
    // What single sends left there is sure to leave, and is nothing that a wait of this one may drop.
    line.leave()
    if (isLong) outgoing.gather()
    const { drawn, sending } = this
    this.frames = this.sending = undefined
    this.drawn = outgoing
    const rest = this.sendBatchOr(messages, outgoing)
    const before = this.sending
    this.frames = outgoing
    this.drawn = drawn
    this.sending = sending
    return before === undefined ? rest : Effect.zipRight(before, rest)
  }

  private sendBatchOr(messages: Iterator<Out>, outgoing: Outgoing): Effect.Effect<void, SendError> {
    try {
      return this.sendBatch(messages, outgoing)
    } catch (defect) {
      // The iterable threw. What it gave before must not lie here until somebody sends again.
      return Effect.zipRight(this.writeAdded(outgoing), Effect.die(defect))
    }
  }

  private sendBatch(messages: Iterator<Out>, outgoing: Outgoing): Effect.Effect<void, SendError> {
    for (let next = messages.next(); next.done !== true; next = messages.next()) {
      const encoding = this.encode(next.value)
      if (!isDone(encoding)) {
        return this.writeAdded(outgoing).pipe(
          Effect.zipRight(Effect.flatMap(encoding, (payload) => this.sendPayload(payload))),
          Effect.flatMap(() => this.sendRest(messages, false))
        )
      }
      const refused = Exit.isSuccess(encoding) ? outgoing.addOneOfMany(encoding.value) : encoding
      if (refused !== undefined) return Effect.zipRight(this.writeAdded(outgoing), refused)
      if (outgoing.size >= batchBytes || outgoing.loan !== undefined)
        return Effect.flatMap(this.writeAdded(outgoing), () => this.sendRest(messages, true))
    }
    return this.writeAdded(outgoing)
  }

  /** What would not leave at once anyway is encoded when it does, with all that comes until then. */
  private sendPayload(payload: Payload): Effect.Effect<void, SendError> {
    this.sendDrawn()
    const { outgoing } = this
    const line = lineOf(this.raw)
    if (line === undefined) return notConnected
    if (line.defer(outgoing, outgoing.weight(payload))) return outgoing.addOneOfMany(payload) ?? Exit.void
    return outgoing.add(payload) ?? this.writeAdded(outgoing)
  }

  /** For who sends while messages are asked for: those before are first. If they have to wait, it is their sender who does. */
  private sendDrawn(): void {
    if (this.drawn === undefined) return
    const written = this.writeAdded(this.drawn)
    if (isDone(written) && Exit.isSuccess(written)) return
    this.sending = this.sending === undefined ? written : Effect.zipRight(this.sending, written)
  }

  /** Being run already: what it returns is what is left to be run. */
  private writeAdded(outgoing: Outgoing): Effect.Effect<void, SendError> {
    const { batch, loan } = outgoing
    const chunks = outgoing.take()
    if (chunks === undefined) return Exit.void
    const line = lineOf(this.raw)
    if (line === undefined) return notConnected
    const { timeout } = this.raw
    const sent = loan === "message" ? Connection.lend(line, chunks, timeout) : line.offer(chunks, timeout)
    const scratch = loan === "message" ? undefined : loan
    return scratch === undefined && batch === undefined ? sent : lending(sent, line, scratch, batch)
  }

  /** A serializer that throws or dies has broken its promise, and counts as one that could not encode. */
  private encode(message: Out): Effect.Effect<Payload, MessageTooLarge | SerializeError> {
    try {
      const encoding = this.format.encode(message)
      return isDone(encoding) && Exit.isSuccess(encoding) ? encoding : this.explained(encoding, message)
    } catch (cause) {
      return this.unexpected(cause)
    }
  }

  /** Apart, as {@link lending}. */
  private explained(encoding: Effect.Effect<Payload, SerializeError>, message: Out) {
    const explain = (error: SerializeError) => this.outgoing.explain(error, message)
    if (!isDone(encoding)) {
      return Effect.mapError(
        Effect.catchAllDefect(encoding, (cause) => this.unexpected(cause)),
        explain
      )
    }
    return Exit.isFailure(encoding) && !Cause.isFailType(encoding.cause)
      ? this.unexpected(Cause.squash(encoding.cause))
      : Exit.mapError(encoding, explain)
  }

  private unexpected(cause: unknown): Exit.Exit<never, SerializeError> {
    const problem = "the serializer failed unexpectedly"
    return Exit.fail(new SerializeError({ serializer: this.format.encoderName, problem, cause }))
  }

  private locked(send: () => Effect.Effect<void, SendError>): Effect.Effect<void, SendError> {
    const { lock } = this
    if (lock === undefined) return Effect.suspend(send)
    return Effect.uninterruptibleMask((restore) => holding(lock, restore, () => this.untilLeft(send, restore)))
  }

  /** What was sent leaves before this ends, however it ends, unless that takes longer than the time-out. */
  private untilLeft(send: () => Effect.Effect<void, SendError>, restore: Restore): Effect.Effect<void, SendError> {
    const sent = attempted(send)
    // Mostly it has left by now.
    if (isDone(sent) && lineOf(this.raw)?.pending() === 0) return sent
    const { timeout } = this.raw
    const left = Effect.flatMap(Deadline.make(timeout), (until): Effect.Effect<void, SendError> => {
      const line = lineOf(this.raw)
      return line === undefined ? notConnected : Connection.leftBy(line, until, timeout)
    })
    return Effect.matchCauseEffect(restore(sent), {
      onFailure: (cause) => Effect.zipRight(Effect.ignore(left), Exit.failCause(cause)),
      onSuccess: () => left
    })
  }
}

/** Apart, since a function with closures pays for what they share whether it makes them or not: 40 bytes a message. */
const lending = (
  sent: Effect.Effect<void, SendError>,
  line: Connection.Line,
  ...lent: ReadonlyArray<Scratch | undefined>
) =>
  andThen(sent, () => {
    for (const scratch of lent) scratch?.lend(line)
    return Exit.void
  })

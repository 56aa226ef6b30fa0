import * as Deadline from "@ductworks/core/Deadline"
import { Exclusive } from "@ductworks/core/Exclusive"
import { Gate } from "@ductworks/core/Gate"
import { lineOf, type RawDuct } from "@ductworks/core/RawDuct"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Lock } from "../MessageDuct.js"
import type { RecvError } from "../MessageError.js"
import type { Inbound } from "./format.js"
import { holding, type Restore } from "./holding.js"
import { closed, Lone, lostTurn, notConnected, type Taking } from "./lone.js"
import { Session } from "./session.js"

type Recv<A> = Effect.Effect<A, RecvError>

/**
 * Messages out of what the raw duct receives, to one fiber at a time. Nothing is taken out before the step that hands it to
 * the caller.
 */
export class Receiver<out In> extends Exclusive {
  private gate: Gate | undefined
  private session: Session<In> | undefined

  constructor(
    private readonly raw: RawDuct,
    private readonly format: Inbound<In>,
    private readonly timeout: Duration.Duration,
    private readonly lock: Lock | undefined
  ) {
    super("recv")
  }

  /** One message. This, as {@link recvAll}, is to be kept: it may be run any number of times. */
  recv(): Recv<In> {
    return this.receive<In>(one)
  }

  /** All that are here. */
  recvAll(): Recv<Arr.NonEmptyReadonlyArray<In>> {
    return this.receive<Arr.NonEmptyReadonlyArray<In>>(all)
  }

  poll(timeout: Duration.Duration): Recv<boolean> {
    return Effect.suspend(() => {
      if (this.isReadable()) return yes
      const { lock } = this
      return Effect.flatMap(Deadline.make(timeout), (until) =>
        lock === undefined ? this.pollAlone(until) : this.pollAmong(until, lock)
      )
    })
  }

  /** The receiving of the connection that there is. Another one begins with a new frame. */
  current(): Session<In> | undefined {
    const line = lineOf(this.raw)
    if (line !== this.session?.line) {
      this.session = line === undefined ? undefined : new Session(line, this.format, this.timeout)
    }
    return this.session
  }

  private isReadable(): boolean {
    return this.current()?.isReadable ?? false
  }

  /** Whether the session is of the connection that there is. */
  isOf(session: Session<In>): boolean {
    return lineOf(this.raw) === session.line
  }

  private receive<A>(taking: Taking<In, A>): Recv<A> {
    return this.lock === undefined ? new Lone(this, taking).receive : this.receiveAmong(taking, this.lock)
  }

  /** With the turn, when something is ready: why it cannot be taken. An undecodable message is consumed with its error. */
  refusal(session: Session<In>, isAll: boolean): Exit.Exit<never, RecvError> | undefined {
    session.settle()
    if (isAll) session.decodeAll()
    const first = session.peek()
    if (Exit.isSuccess(first)) return undefined
    session.takeOne()
    return this.fail(Exit.failCause(first.cause))
  }

  // --- without a lock: the turn is kept while the fiber waits

  private pollAlone(until: Deadline.Deadline): Recv<boolean> {
    const self: Recv<boolean> = this.run(() => {
      if (this.isReadable()) return this.fail(yes)
      const session = this.current()
      return Effect.matchEffect(this.raw.poll(Deadline.remaining(until)), {
        onFailure: (error) => this.fail(Exit.fail(error)),
        onSuccess: (isHere) => {
          if (!isHere) return this.fail(no)
          session?.take()
          return self
        }
      })
    })
    return self
  }

  // --- with a lock: any number of fibers, which all wait for bytes; the turn is only for the moment of taking

  private receiveAmong<A>(taking: Taking<In, A>, lock: Lock): Recv<A> {
    const attempt = (): Recv<A> => {
      const session = this.current()
      if (session?.step() === "ready") {
        return this.refusal(session, taking.isAll) ?? this.commit(() => taking.take(session))
      }
      return this.release(this.fill(lock, again))
    }
    const again = () => self
    // Another fiber is about to take what it found ready.
    const busy = () => Effect.flatMap(Effect.yieldNow(), () => self)
    const self: Recv<A> = Effect.withFiberRuntime((fiber) => this.enterOr(fiber, attempt, busy))
    return self
  }

  private pollAmong(until: Deadline.Deadline, lock: Lock): Recv<boolean> {
    const self: Recv<boolean> = Effect.suspend(() =>
      Deadline.within(
        Effect.suspend(() => this.fill(lock, done)),
        until
      )
    ).pipe(
      Effect.catchAll((error) => (error._tag === "DuctTimeout" || this.isReadable() ? Effect.void : Exit.fail(error))),
      Effect.flatMap(() => (this.isReadable() ? yes : Deadline.isOver(until) ? no : self))
    )
    return self
  }

  /**
   * Waits for bytes, or receives one message under the lock if there are some, and goes on. The message stays here, and is
   * taken after the lock was released, so that an interruption in between does not lose it. Another process may have taken
   * the bytes before the lock was ours, and another fiber the message: whoever calls this looks again.
   */
  private fill<A>(lock: Lock, next: () => Recv<A>): Recv<A> {
    const session = this.current()
    if (session === undefined) return notConnected
    const { line } = session
    if (session.step() === "starved" && !line.isReadable()) {
      return line.arrivalThen(undefined, () => (this.isOf(session) ? next() : closed))
    }
    const gate = (this.gate ??= new Gate())
    const filled = gate.runMasked((restore) => {
      const step = session.step()
      if (step === "ready") return Exit.void
      if (step !== "starved") return restore(step)
      return holding(lock, restore, () => (line.isReadable() ? fillUp(session, restore) : Exit.void))
    })
    return Effect.flatMap(filled, next)
  }
}

const done = () => Exit.void

const fillUp = <In>(session: Session<In>, restore: Restore): Recv<void> => {
  const step = session.next()
  if (step === "ready") return Exit.void
  return Effect.flatMap(restore(step === "starved" ? session.more : step), () => fillUp(session, restore))
}

const one = {
  isAll: false,
  take: <In>(session: Session<In>): In => {
    const first = session.takeOne()
    if (Exit.isFailure(first)) throw new Error(lostTurn)
    return first.value
  }
}

const all = {
  isAll: true,
  take: <In>(session: Session<In>): Arr.NonEmptyReadonlyArray<In> => {
    const messages = session.takeAll()
    if (!Arr.isNonEmptyReadonlyArray(messages)) throw new Error(lostTurn)
    return messages
  }
}

const yes = Exit.succeed(true)

const no = Exit.succeed(false)

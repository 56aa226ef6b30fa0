import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RuntimeFiber } from "effect/Fiber"
import type { Chunks, Connection, Deferred, Line } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctTimeout, type PollError, type ReadError, type WriteError } from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import type * as RawDuct from "../RawDuct.js"
import { isSteady } from "../Wakes.js"
import { ByteQueue } from "./byteQueue.js"
import { End } from "./end.js"
import { Filling } from "./filling.js"
import { Patience, Want } from "./want.js"

type Fiber = RuntimeFiber<unknown, unknown>

type Recv<A, E = never> = Effect.Effect<A, RawDuct.RecvError | E>

// Fewer bytes are cheaper to copy than to read apart from what comes with them.
const directFrom = 64 * 1024

/** The receiving side of one connection of a duct. What arrived and was not asked for is kept here, and goes with it. */
export class RawReceiver implements Line {
  private kept: ByteQueue | undefined
  private exclusive: Exclusive | undefined

  /** What somebody who waits is filling. */
  private filling: Filling | undefined
  private pulls: Effect.Effect<Chunks, ReadError> | undefined

  protected readonly line: Line

  constructor(readonly connection: Connection) {
    this.line = End.lineOf(connection)
  }

  /** How bytes are read into the caller's memory, if that is so. */
  protected get direct(): NonNullable<Line["takeInto"]> | undefined {
    return undefined
  }

  private get queue(): ByteQueue {
    return (this.kept ??= new ByteQueue())
  }

  private get turn(): Exclusive {
    return (this.exclusive ??= new Exclusive("recv"))
  }

  take(until?: Deadline.Deadline): Chunks | ReadError | undefined {
    return this.kept?.takeAll() ?? this.line.take(until)
  }

  arrival(until?: Deadline.Deadline): Effect.Effect<void> {
    return this.line.arrival(until)
  }

  arrivalThen<A, E>(until: Deadline.Deadline | undefined, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.line.arrivalThen(until, next)
  }

  isReadable(): boolean {
    return this.isBegun || this.line.isReadable()
  }

  onArrival(wake: () => void, fiber?: Fiber): boolean {
    return this.line.onArrival(wake, fiber)
  }

  offer(chunks: Chunks, timeout?: Duration.Duration): Effect.Effect<void, WriteError> {
    return this.line.offer(chunks, timeout)
  }

  defer(source: Deferred, bytes: number): boolean {
    return this.line.defer(source, bytes)
  }

  leave(): void {
    this.line.leave()
  }

  pending(): number {
    return this.line.pending()
  }

  left(): number {
    return this.line.left()
  }

  flushUntil(until: Deadline.Deadline): Effect.Effect<boolean, WriteError> {
    return this.line.flushUntil(until)
  }

  /**
   * Takes as soon as enough bytes are here, or no more will come. The time-out bounds the whole operation; a failed or
   * interrupted one leaves what has arrived for the next. As {@link receiveInto}, it is called when it is run, in `fiber`.
   */
  receive<A, E = never>(fiber: Fiber, want: Want<A, E>): Recv<A, E> {
    const patience = new Patience(fiber, want.timeout)
    const attempt = (): Recv<A, E> => {
      this.reclaim()
      const end = this.gather(want.count, patience)
      if (this.queue.size >= want.count) return this.turn.commit(() => want.take(this.queue))
      if (end === undefined) return this.wait(patience, attempt)
      if (end._tag !== "RemoteDuctClosed") return this.turn.fail(Exit.fail(end))
      return want.atEnd === undefined
        ? this.turn.commit(() => want.take(this.queue))
        : this.turn.fail(Exit.fail(want.atEnd(this.queue)))
    }
    return this.turn.enter(fiber, attempt)
  }

  /**
   * At least `count` bytes (and that is at least one) into the buffer, fewer at the end. Without a copy where that can be:
   * then a wait that comes to nothing gives back what the buffer holds.
   */
  receiveInto(fiber: Fiber, buffer: Uint8Array, count: number, timeout: Duration.Duration): Recv<number> {
    const { direct } = this
    const taken = () => this.receive(fiber, new Want(count, timeout, (queue) => queue.takeInto(buffer)))
    if (direct === undefined) return taken()
    const patience = new Patience(fiber, timeout)
    const filling = new Filling(buffer, count, direct, patience)
    let hasPaused = false
    const goOn = (): Recv<number> => {
      const { failure } = filling
      if (failure === undefined) return this.wait(patience, attempt, filling)
      this.takeBack(filling)
      return this.turn.fail(Exit.fail(failure))
    }
    const attempt = (): Recv<number> => {
      this.reclaim(filling)
      if (isSteady(fiber)) {
        const filled = filling.fill()
        return filled === undefined ? goOn() : this.turn.commit(() => filled)
      }
      // One step is enough for what is read at once, however often the fiber pauses.
      if (count === 1) return this.turn.commitOr(() => filling.fill(), goOn)
      if (hasPaused) return taken()
      hasPaused = true
      return this.turn.release(Effect.flatMap(Effect.yieldNow(), () => this.turn.run(attempt)))
    }
    return this.turn.enter(fiber, attempt)
  }

  /** Whoever has the turn begins with what the one before it holds, who was interrupted and goes on all the same. */
  private reclaim(own?: Filling): void {
    const { filling } = this
    this.filling = undefined
    if (filling !== undefined && filling !== own) this.takeBack(filling)
  }

  private takeBack(filling: Filling): void {
    const bytes = filling.takeBack()
    if (bytes.length > 0) this.queue.push(bytes)
  }

  /** For the layer above: everything that is here; the end is `RemoteDuctClosed`. */
  get pull(): Effect.Effect<Chunks, ReadError> {
    return (this.pulls ??= this.makePull())
  }

  private makePull(): Effect.Effect<Chunks, ReadError> {
    const takeAll = this.turn.commit((): Chunks => {
      const chunks = this.queue.takeAll()
      if (chunks === undefined) throw new Error("ductworks: the turn was lost between arrival and commit")
      return chunks
    })
    const self: Effect.Effect<Chunks, ReadError> = this.turn.run(() => {
      this.reclaim()
      const end = this.gather(1)
      if (this.queue.size > 0) return takeAll
      return end === undefined ? this.line.arrivalThen(undefined, () => self) : this.turn.fail(Exit.fail(end))
    })
    return self
  }

  poll(timeout: Duration.Duration): Effect.Effect<boolean, PollError> {
    return this.isBegun ? yes : this.connection.poll(timeout)
  }

  /** Whether something of the connection's is here that was not received. */
  private get isBegun(): boolean {
    return this.filling?.isBegun === true || (this.kept !== undefined && this.kept.size > 0)
  }

  protected heldInto(buffer: Uint8Array): number | undefined {
    return this.kept === undefined || this.kept.size === 0 ? undefined : this.kept.takeInto(buffer)
  }

  /**
   * Waits for bytes, and then attempts again; gives the turn back when the time is over. What is filling meanwhile is taken
   * back from a wait that comes to nothing.
   */
  private wait<A, E>(patience: Patience, attempt: () => Recv<A, E>, filling?: Filling): Recv<A, E> {
    const { timeout, until } = patience
    if (until === undefined) {
      if (filling !== undefined) this.takeBack(filling)
      // Made when it is told: an error and its stack cost more than a receive.
      return this.turn.fail(Exit.fail(new DuctTimeout({ operation: "recv", timeout })))
    }
    const again = (): Recv<A, E> => this.turn.run(attempt)
    if (filling?.isBegun !== true) return this.line.arrivalThen(until, again)
    this.filling = filling
    const arrival = Effect.onInterrupt(this.arrival(until), () => Effect.sync(() => this.takeBack(filling)))
    return Effect.flatMap(arrival, again)
  }

  /** Brings the queue up to `count` bytes, as far as they are here. Why they cannot all come, if so. */
  private gather(count: number, until?: Deadline.Deadline): ReadError | undefined {
    const { line, queue } = this
    while (queue.size < count) {
      const missing = count - queue.size
      const taken =
        line.takeInto !== undefined && (queue.isLanding || missing >= directFrom)
          ? queue.land(line, count, until)
          : line.take(until)
      if (taken === undefined) return undefined
      if (typeof taken !== "number") {
        if ("_tag" in taken) return taken
        queue.pushAll(taken)
      }
    }
    return undefined
  }
}

const yes = Exit.succeed(true)

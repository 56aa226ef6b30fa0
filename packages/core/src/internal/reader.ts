import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Chunks, Driver } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctClosed, type PollError, type ReadError } from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import { ByteQueue } from "./byteQueue.js"
import { Patience } from "./want.js"
import { Waiters } from "./waiters.js"
import { Watchdog } from "./watchdog.js"

const closed = new DuctClosed({ operation: "recv" })

/**
 * The reading half of a connection: one taker, any number of watchers, a sticky end. It is its own Waiters: with thousands
 * of connections, each object that a wake touches is fetched from far away.
 */
export class Reader extends Waiters {
  /** What was taken from the driver by somebody who only looked. */
  private ready: ByteQueue | undefined
  private end: ReadError | undefined
  private turn: Exclusive | undefined
  private untilArrival: Effect.Effect<void> | undefined
  /** Whether the driver was asked, had nothing, and has told of nothing since. */
  private isQuiet = false
  private alarms: Watchdog | undefined

  constructor(
    readonly driver: Driver,
    private readonly scope: Scope.Scope
  ) {
    super()
  }

  get watchdog(): Watchdog {
    return (this.alarms ??= new Watchdog(this.scope))
  }

  /** Whether the end of the stream, or what broke it off, has been seen. */
  get isEnded(): boolean {
    return this.end !== undefined
  }

  /** Whether this end was closed. */
  get isClosed(): boolean {
    return this.end === closed
  }

  override wake(): void {
    this.isQuiet = false
    super.wake()
  }

  close(): void {
    // What is ready stays: a fiber that was told so may be about to take it.
    this.end = closed
    this.wake()
  }

  // --- at once

  take(until?: Deadline.Deadline): Chunks | ReadError | undefined {
    const { ready } = this
    if (ready === undefined || ready.size === 0) return this.end ?? this.seen(this.ask().take(until))
    return this.end === closed ? closed : ready.takeAll()
  }

  /** As {@link take}, into the buffer; the number of bytes. What is ready comes first. */
  takeInto(buffer: Uint8Array, until?: Deadline.Deadline): number | ReadError | undefined {
    const { ready } = this
    if (ready === undefined || ready.size === 0) return this.end ?? this.seen(this.ask().takeInto?.(buffer, until))
    return this.end === closed ? closed : ready.takeInto(buffer)
  }

  /** The driver, to be asked: it may tell of something before it has answered. */
  private ask(): Driver {
    this.isQuiet = true
    return this.driver
  }

  private seen<A>(taken: A | ReadError): A | ReadError
  private seen(taken: Chunks | number | ReadError | undefined) {
    if (taken !== undefined) this.isQuiet = false
    if (typeof taken !== "object" || !("_tag" in taken)) return taken
    return (this.end = taken)
  }

  // --- waiting

  private get isReady(): boolean {
    return this.ready !== undefined && this.ready.size > 0
  }

  /** Whether there is something to take: bytes, which are then ready, or the end. */
  isFilled(until?: Deadline.Deadline): boolean {
    if (this.isReady || this.end !== undefined) return true
    const taken = this.seen(this.ask().take(until))
    if (taken === undefined) return false
    if (!("_tag" in taken)) (this.ready ??= new ByteQueue()).pushAll(taken)
    return true
  }

  /**
   * Whether there may be something. What can be read into memory of whoever waits is left to them: taking it to be sure
   * would cost memory and a copy.
   */
  private isTold(until?: Deadline.Deadline): boolean {
    return this.driver.takeInto === undefined
      ? this.isFilled(until)
      : this.isReady || this.end !== undefined || !this.isQuiet || this.driver.isWorthAnother?.() === true
  }

  arrival(until?: Deadline.Deadline): Effect.Effect<void> {
    return until === undefined
      ? (this.untilArrival ??= this.wait(() => this.isTold(), undefined))
      : this.wait(() => this.isTold(until), until)
  }

  arrivalThen<A, E>(until: Deadline.Deadline | undefined, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.waitThen(() => this.isTold(until), until, next)
  }

  onArrival(wake: () => void, fiber?: Fiber.RuntimeFiber<unknown, unknown>): boolean {
    if (this.isTold()) return false
    this.listen(wake, fiber)
    return true
  }

  /** To be kept: it may be run any number of times. */
  pull(): Effect.Effect<Chunks, ReadError> {
    const turn = this.exclusive()
    const commit = turn.commit((): Chunks => {
      const chunks = this.ready?.takeAll()
      if (chunks === undefined) throw new Error("ductworks: the turn was lost between fill and commit")
      return chunks
    })
    const self: Effect.Effect<Chunks, ReadError> = turn.run(() =>
      this.isFilled() ? (this.failure(turn) ?? commit) : arrived
    )
    const arrived = this.arrivalThen(undefined, () => self)
    return self
  }

  /** Read by the step that hands the bytes over, since the system fills the buffer: nothing could be put back. */
  pullInto(buffer: Uint8Array): Effect.Effect<number, ReadError> {
    if (buffer.length === 0) return nothing
    const turn = this.exclusive()
    const take = () => {
      // Its memory may have been transferred meanwhile, and a read into none would look like the end.
      const taken = buffer.length === 0 ? 0 : this.takeInto(buffer)
      return typeof taken === "number" ? taken : undefined
    }
    const self: Effect.Effect<number, ReadError> = turn.run(() => this.failure(turn) ?? commit)
    const commit = turn.commitOr(take, () => this.failure(turn) ?? this.arrivalThen(undefined, () => self))
    return self
  }

  private exclusive(): Exclusive {
    return (this.turn ??= new Exclusive("recv"))
  }

  /** With the turn: why there is nothing to take any more. */
  private failure(turn: Exclusive): Exit.Exit<never, ReadError> | undefined {
    const { end } = this
    return end === undefined || (this.isReady && end !== closed) ? undefined : turn.fail(Exit.fail(end))
  }

  readable(): Effect.Effect<void, PollError> {
    return Effect.suspend(() => this.look() ?? Effect.flatMap(this.arrival(), () => this.readable()))
  }

  poll(timeout: Duration.Duration): Effect.Effect<boolean, PollError> {
    return Effect.withFiberRuntime((fiber) => {
      const patience = new Patience(fiber, timeout)
      const seen = this.look(patience)
      if (seen !== undefined) return Effect.as(seen, true)
      const { until } = patience
      return until === undefined ? no : this.pollUntil(until)
    })
  }

  private pollUntil(until: Deadline.Deadline): Effect.Effect<boolean, PollError> {
    return Effect.flatMap(this.arrival(until), () => {
      const seen = this.look(until)
      if (seen !== undefined) return Effect.as(seen, true)
      return Deadline.isOver(until) ? no : this.pollUntil(until)
    })
  }

  /** Nothing to see yet; something to pull, be it an end; or that this end is of no more use. */
  private look(until?: Deadline.Deadline): undefined | Exit.Exit<void, PollError> {
    if (!this.isFilled(until)) return undefined
    const { end } = this
    if (end === closed) return Exit.fail(closed)
    return end?._tag === "LocalSocketFault" && !this.isReady ? Exit.fail(end) : Exit.void
  }
}

const no = Exit.succeed(false)

const nothing = Exit.succeed(0)

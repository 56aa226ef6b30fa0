import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Driver } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctClosed, type PollError, type ReadError } from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import { ByteQueue } from "./byteQueue.js"
import { Waiters } from "./waiters.js"
import type { Watchdog } from "./watchdog.js"

const closed = new DuctClosed({ operation: "recv" })

/** The reading half of a connection: one taker, any number of watchers, a sticky end. */
export class Reader {
  private readonly turn = new Exclusive("recv")
  private readonly waiters: Waiters
  /** What was taken from the driver by somebody who only looked. */
  private readonly ready = new ByteQueue()
  private end: ReadError | undefined
  /** The end, if it is one of this side. */
  private fault: Exit.Exit<never, PollError> | undefined
  private readonly untilArrival: Effect.Effect<void>

  constructor(
    private readonly driver: Driver,
    watchdog: Watchdog
  ) {
    this.waiters = new Waiters(watchdog)
    this.untilArrival = this.waiters.wait(this.isFilled, undefined)
  }

  /** Whether the end of the stream, or what broke it off, has been seen. */
  readonly isEnded = (): boolean => this.end !== undefined

  readonly wake = (): void => this.waiters.wake()

  close(): void {
    // What is ready stays: a fiber that was told so may be about to take it.
    this.end = closed
    this.fault = Exit.fail(closed)
    this.wake()
  }

  // --- at once

  readonly take = (): Chunks | ReadError | undefined => {
    if (this.ready.size === 0) return this.end ?? this.seen(this.driver.take())
    return this.end === closed ? closed : this.ready.takeAll()
  }

  /** As {@link take}, into the buffer; the number of bytes. What is ready comes first. */
  readonly takeInto = (buffer: Uint8Array): number | ReadError | undefined => {
    if (this.ready.size === 0) return this.end ?? this.seen(this.driver.takeInto?.(buffer))
    return this.end === closed ? closed : this.ready.takeInto(buffer)
  }

  private seen<A>(taken: A | ReadError): A | ReadError
  private seen(taken: Chunks | number | ReadError | undefined) {
    if (typeof taken !== "object" || !("_tag" in taken)) return taken
    if (taken._tag === "LocalSocketFault") this.fault = Exit.fail(taken)
    return (this.end = taken)
  }

  // --- waiting

  /** Whether there is something to take: bytes, which are then ready, or the end. */
  private readonly isFilled = (): boolean => {
    if (this.ready.size > 0 || this.end !== undefined) return true
    const taken = this.seen(this.driver.take())
    if (taken === undefined) return false
    if (!("_tag" in taken)) this.ready.pushAll(taken)
    return true
  }

  readonly arrival = (until?: Deadline.Deadline): Effect.Effect<void> =>
    until === undefined ? this.untilArrival : this.waiters.wait(this.isFilled, until)

  readonly onArrival = (wake: () => void): boolean => {
    if (this.isFilled()) return false
    this.waiters.listen(wake)
    return true
  }

  private readonly takeReady = this.turn.commit((): Chunks => {
    const chunks = this.ready.takeAll()
    if (chunks === undefined) throw new Error("ductworks: the turn was lost between fill and commit")
    return chunks
  })

  readonly pull: Effect.Effect<Chunks, ReadError> = this.turn.run(() => {
    if (!this.isFilled()) return Effect.flatMap(this.untilArrival, () => this.pull)
    return this.failure() ?? this.takeReady
  })

  /** Read by the step that hands the bytes over, since the system fills the buffer: nothing could be put back. */
  readonly pullInto = (buffer: Uint8Array): Effect.Effect<number, ReadError> => {
    if (buffer.length === 0) return nothing
    const take = () => {
      const taken = this.takeInto(buffer)
      return typeof taken === "number" ? taken : undefined
    }
    const self: Effect.Effect<number, ReadError> = this.turn.run(() => this.failure() ?? commit)
    const commit = this.turn.commitOr(take, () => this.failure() ?? Effect.flatMap(this.untilArrival, () => self))
    return self
  }

  /** With the turn: why there is nothing to take any more. */
  private failure(): Exit.Exit<never, ReadError> | undefined {
    const { end } = this
    return end === undefined || (this.ready.size > 0 && end !== closed) ? undefined : this.turn.fail(Exit.fail(end))
  }

  readonly readable: Effect.Effect<void, PollError> = Effect.suspend(() => {
    const seen = this.look()
    return seen ?? Effect.flatMap(this.untilArrival, () => this.readable)
  })

  readonly poll = (timeout: Duration.Duration): Effect.Effect<boolean, PollError> =>
    Effect.suspend(() => {
      const seen = this.look()
      if (seen !== undefined) return Effect.as(seen, true)
      if (Duration.lessThanOrEqualTo(timeout, Duration.zero)) return no
      return Effect.flatMap(Deadline.make(timeout), (until) => this.pollUntil(until))
    })

  private pollUntil(until: Deadline.Deadline): Effect.Effect<boolean, PollError> {
    return Effect.flatMap(this.arrival(until), () => {
      const seen = this.look()
      if (seen !== undefined) return Effect.as(seen, true)
      return Deadline.isOver(until) ? no : this.pollUntil(until)
    })
  }

  /** Nothing to see yet; something to pull, be it an end; or that this end is of no more use. */
  private look(): undefined | Exit.Exit<void, PollError> {
    if (!this.isFilled()) return undefined
    return (this.ready.size > 0 && this.end !== closed ? undefined : this.fault) ?? Exit.void
  }
}

const no = Exit.succeed(false)

const nothing = Exit.succeed(0)

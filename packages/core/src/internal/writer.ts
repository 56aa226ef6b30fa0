import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Deferred, Driver } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctClosed, DuctTimeout, type Unsupported, type WriteError } from "../DuctError.js"
import { type Gatherer, limit, turn } from "../Turn.js"
import type { Reader } from "./reader.js"
import * as sizes from "./sizes.js"
import { Waiters } from "./waiters.js"
import type { Watchdog } from "./watchdog.js"

const closed = Exit.fail(new DuctClosed({ operation: "send" }))

const yes = Exit.succeed(true)

const no = Exit.succeed(false)

/** The writing half of a connection: takes chunks whole, in order, while little enough is pending. */
export class Writer extends Waiters implements Gatherer {
  private readonly highWaterMark: number
  private taken = 0
  private isClosed = false
  private end: Exit.Exit<never, WriteError> | undefined
  /** What was deferred, and has not been put. */
  private source: Deferred | undefined

  private readonly driver: Driver

  constructor(
    /** Of the same connection. */
    private readonly reader: Reader,
    highWaterMark: number | undefined
  ) {
    super()
    this.driver = reader.driver
    this.highWaterMark = sizes.sizeOr(highWaterMark, sizes.highWaterMark)
  }

  protected get watchdog(): Watchdog {
    return this.reader.watchdog
  }

  close(): void {
    this.source?.take()
    this.source = undefined
    this.isClosed = true
    this.end = closed
    this.wake()
  }

  private failure(): Exit.Exit<never, WriteError> | undefined {
    if (this.end === undefined) {
      const failure = this.driver.failure()
      if (failure !== undefined) this.end = Exit.fail(failure)
    }
    return this.end
  }

  private isWritable(): boolean {
    return this.pending() < this.highWaterMark || this.failure() !== undefined
  }

  pending(): number {
    const pending = this.driver.pending()
    return this.source === undefined ? pending : pending + this.source.size
  }

  defer(source: Deferred, bytes: number): boolean {
    if (this.source !== source) this.leave()
    if (
      bytes > limit ||
      this.driver.isGathering?.() !== true ||
      this.reader.isEnded ||
      !this.isWritable() ||
      this.failure() !== undefined
    ) {
      this.leave()
      return false
    }
    turn.expect(this, bytes)
    this.source = source
    return true
  }

  /** Puts what was deferred. */
  leave(): void {
    const { source } = this
    if (source === undefined) return
    this.source = undefined
    const chunks = source.take()
    if (chunks !== undefined && this.failure() === undefined) this.hand(chunks)
  }

  private hand(chunks: Chunks): void {
    for (const chunk of chunks) this.taken += chunk.length
    this.driver.put(chunks)
  }

  offer(chunks: Chunks, timeout?: Duration.Duration): Effect.Effect<void, WriteError> {
    if (this.isWritable()) return this.put(chunks, timeout)
    if (timeout === undefined) return this.putUntil(chunks, undefined, () => closed)
    // Made when it is told: an error and its stack cost more than a send.
    const timedOut = () => Exit.fail(new DuctTimeout({ operation: "send", timeout }))
    if (Duration.lessThanOrEqualTo(timeout, Duration.zero)) return timedOut()
    return Effect.flatMap(Deadline.make(timeout), (until) => this.putUntil(chunks, until, timedOut))
  }

  private putUntil(
    chunks: Chunks,
    until: Deadline.Deadline | undefined,
    timedOut: () => Exit.Exit<never, WriteError>
  ): Effect.Effect<void, WriteError> {
    const isWritable = () => this.isWritable()
    return Effect.flatMap(this.wait(isWritable, until), () => {
      if (isWritable()) return this.put(chunks, until === undefined ? undefined : Deadline.remaining(until))
      return until !== undefined && Deadline.isOver(until) ? timedOut() : this.putUntil(chunks, until, timedOut)
    })
  }

  private put(chunks: Chunks, timeout: Duration.Duration | undefined): Effect.Effect<void, WriteError> {
    this.leave()
    const failure = this.failure()
    if (failure !== undefined) return failure
    this.hand(chunks)
    // What the system refuses at once is told at once.
    const refused = this.failure()
    if (refused !== undefined) return refused
    if (!this.reader.isEnded) return Exit.void
    // The bytes are taken, so when the time is over there is no error to tell: a later flush will.
    return timeout === undefined
      ? this.flush()
      : Effect.flatMap(Deadline.make(timeout), (until) => Effect.asVoid(this.flushed(until)))
  }

  left(): number {
    return this.taken - this.driver.pending()
  }

  /** Whether what was taken so far had left by then. */
  flushed(until: Deadline.Deadline | undefined): Effect.Effect<boolean, WriteError> {
    return Effect.suspend(() => {
      this.leave()
      const target = this.taken
      const isOver = () => this.isClosed || this.driver.failure() !== undefined || this.left() >= target
      const wait = (): Effect.Effect<boolean, WriteError> => {
        if (!isOver()) {
          if (until !== undefined && Deadline.isOver(until)) return no
          return Effect.flatMap(this.wait(isOver, until), wait)
        }
        if (this.isClosed) return closed
        const failure = this.driver.failure()
        return failure === undefined ? yes : Exit.fail(failure)
      }
      return wait()
    })
  }

  flush(): Effect.Effect<void, WriteError> {
    return Effect.asVoid(this.flushed(undefined))
  }

  endWrite(): Effect.Effect<void, WriteError | Unsupported> {
    return Effect.suspend(() => {
      this.leave()
      const failure = this.failure()
      if (failure !== undefined) return failure
      this.end = closed
      this.wake()
      return this.driver.endWrite
    })
  }
}

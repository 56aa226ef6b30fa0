import type * as Effect from "effect/Effect"
import type * as Duration from "effect/Duration"
import type { RuntimeFiber } from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Chunks, Deferred, Driver, Line } from "../Connection.js"
import type { Deadline } from "../Deadline.js"
import type { ReadError, WriteError } from "../DuctError.js"
import { Reader } from "./reader.js"
import { Writer } from "./writer.js"

/** What is read and written over a driver. A layer that asks often asks this: a closure of a facade's is 100 bytes a call. */
export class Halves implements Line {
  readonly reader: Reader
  private written: Writer | undefined

  constructor(
    driver: Driver,
    private readonly highWaterMark: number | undefined,
    scope: Scope.Scope
  ) {
    this.reader = new Reader(driver, scope)
    driver.start(this.wake.bind(this))
  }

  private wake(side: "read" | "write"): void {
    if (side === "read") this.reader.wake()
    else this.written?.wake()
  }

  get driver(): Driver {
    return this.reader.driver
  }

  /** Begins to exist when it is used. */
  get writer(): Writer {
    return (this.written ??= new Writer(this.reader, this.highWaterMark))
  }

  /** Everyone who waits, with `DuctClosed`. */
  close(): void {
    this.reader.close()
    this.writer.close()
  }

  // --- reading

  take(until?: Deadline): Chunks | ReadError | undefined {
    return this.reader.take(until)
  }

  arrival(until?: Deadline): Effect.Effect<void> {
    return this.reader.arrival(until)
  }

  arrivalThen<A, E>(until: Deadline | undefined, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.reader.arrivalThen(until, next)
  }

  onArrival(wake: () => void, fiber?: RuntimeFiber<unknown, unknown>): boolean {
    return this.reader.onArrival(wake, fiber)
  }

  isReadable(): boolean {
    return this.reader.isFilled()
  }

  // --- writing

  offer(chunks: Chunks, timeout?: Duration.Duration): Effect.Effect<void, WriteError> {
    return this.writer.offer(chunks, timeout)
  }

  defer(source: Deferred, bytes: number): boolean {
    return this.writer.defer(source, bytes)
  }

  leave(): void {
    this.written?.leave()
  }

  pending(): number {
    return this.written?.pending() ?? 0
  }

  left(): number {
    return this.writer.left()
  }

  flushUntil(until: Deadline): Effect.Effect<boolean, WriteError> {
    return this.writer.flushed(until)
  }
}

/** Of a driver whose system can be read into the caller's memory. */
export class DirectHalves extends Halves {
  takeInto(buffer: Uint8Array, until?: Deadline): number | ReadError | undefined {
    return this.reader.takeInto(buffer, until)
  }
}

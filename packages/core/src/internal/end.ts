import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Connection, Driver, Info } from "../Connection.js"
import { Facade } from "../Facade.js"
import { Reader } from "./reader.js"
import { Writer } from "./writer.js"

type Optional<Name extends "pullInto" | "takeInto"> = NonNullable<Connection[Name]>

/**
 * The connection over a driver. Closures are made whenever they are asked for: where one is called at once, V8 does
 * without it. What is kept is bound instead, which takes half of a closure and what that refers to.
 */
export class End extends Facade implements Connection {
  readonly #info: Info
  readonly #reader: Reader
  #writer: Writer | undefined
  #pull: Connection["pull"] | undefined

  constructor(driver: Driver, info: Info, scope: Scope.Scope) {
    super()
    this.#info = info
    this.#reader = new Reader(driver, scope)
    driver.start(this.wake.bind(this))
  }

  private wake(side: "read" | "write"): void {
    if (side === "read") this.#reader.wake()
    else this.#writer?.wake()
  }

  get localAddress() {
    return this.#info.localAddress
  }

  get remoteAddress() {
    return this.#info.remoteAddress
  }

  get fileno() {
    // The number of what is closed may be somebody else's by now.
    return this.#reader.isClosed ? Option.none() : this.#info.fileno
  }

  // --- reading

  get pull(): Connection["pull"] {
    return (this.#pull ??= this.#reader.pull())
  }

  get take(): Connection["take"] {
    return () => this.#reader.take()
  }

  get arrival(): Connection["arrival"] {
    return (until) => this.#reader.arrival(until)
  }

  get arrivalThen(): Connection["arrivalThen"] {
    return (until, next) => this.#reader.arrivalThen(until, next)
  }

  get onArrival(): Connection["onArrival"] {
    return (wake, fiber) => this.#reader.onArrival(wake, fiber)
  }

  get isReadable(): Connection["isReadable"] {
    return () => this.#reader.isFilled()
  }

  get readable(): Connection["readable"] {
    return this.#reader.readable()
  }

  get poll(): Connection["poll"] {
    return (timeout) => this.#reader.poll(timeout)
  }

  protected pullIntoOf(): Optional<"pullInto"> {
    return (buffer) => this.#reader.pullInto(buffer)
  }

  protected takeIntoOf(): Optional<"takeInto"> {
    return (buffer) => this.#reader.takeInto(buffer)
  }

  // --- writing

  private writing(): Writer {
    return (this.#writer ??= new Writer(this.#reader, this.#info.highWaterMark))
  }

  get write(): Connection["write"] {
    return (chunks, timeout) => Effect.suspend(() => this.writing().offer(chunks, timeout))
  }

  get offer(): Connection["offer"] {
    return (chunks, timeout) => this.writing().offer(chunks, timeout)
  }

  get defer(): Connection["defer"] {
    return (source, bytes) => this.writing().defer(source, bytes)
  }

  get leave(): Connection["leave"] {
    return () => this.#writer?.leave()
  }

  get pending(): Connection["pending"] {
    return () => this.#writer?.pending() ?? 0
  }

  get left(): Connection["left"] {
    return () => this.writing().left()
  }

  get flush(): Connection["flush"] {
    return this.writing().flush()
  }

  get flushUntil(): Connection["flushUntil"] {
    return (until) => this.writing().flushed(until)
  }

  get endWrite(): Connection["endWrite"] {
    return this.writing().endWrite()
  }

  // --- closing

  get close(): Connection["close"] {
    return Effect.uninterruptible(this.linger())
  }

  get abort(): Connection["abort"] {
    return this.end("reset")
  }

  /** Ends it when the scope is left. */
  tie(scope: Scope.Scope): Effect.Effect<void> {
    return Scope.addFinalizerExit(scope, this.leaveScope.bind(this))
  }

  private leaveScope(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Exit.isSuccess(exit) ? this.linger() : this.end("now")
  }

  private linger(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { driver } = this.#reader
      this.#writer?.leave()
      this.wakeAll()
      if (driver.closeAtOnce?.() === true) return Effect.void
      return Effect.zipRight(within(this.#info.linger, driver.close("linger")), this.end("now"))
    })
  }

  private end(mode: "now" | "reset"): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.wakeAll()
      return this.#reader.driver.close(mode)
    })
  }

  /** Everyone who waits, with `DuctClosed`. */
  private wakeAll(): void {
    this.#reader.close()
    this.writing().close()
  }
}

/** One whose system can be read into the caller's memory. */
export class DirectEnd extends End {
  get pullInto(): Optional<"pullInto"> {
    return this.pullIntoOf()
  }

  get takeInto(): Optional<"takeInto"> {
    return this.takeIntoOf()
  }
}

// Closing waits in real time: under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

const within = (linger: Duration.DurationInput, effect: Effect.Effect<void>): Effect.Effect<unknown> =>
  effect.pipe(Effect.interruptible, Effect.timeoutOption(linger), Effect.withClock(liveClock))

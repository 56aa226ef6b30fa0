import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Connection, Driver, Info, Line } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { Facade } from "../Facade.js"
import { DirectHalves, Halves } from "./halves.js"
import type { Reader } from "./reader.js"

/**
 * The connection over a driver. Closures are made whenever they are asked for: where one is called at once, V8 may do
 * without it.
 */
export class End extends Facade implements Connection {
  readonly #info: Info
  readonly #halves: Halves
  #pull: Connection["pull"] | undefined

  constructor(halves: Halves, info: Info) {
    super()
    this.#info = info
    this.#halves = halves
  }

  /** What is behind it, for who asks often. A copy in which something is replaced is asked itself. */
  static lineOf(connection: Connection): Line {
    return #halves in connection ? connection.#halves : connection
  }

  get localAddress() {
    return this.#info.localAddress
  }

  get remoteAddress() {
    return this.#info.remoteAddress
  }

  get fileno() {
    // The number of what is closed may be somebody else's by now.
    return this.reading().isClosed ? Option.none() : this.#info.fileno
  }

  // --- reading

  protected reading(): Reader {
    return this.#halves.reader
  }

  get pull(): Connection["pull"] {
    return (this.#pull ??= this.reading().pull())
  }

  get take(): Connection["take"] {
    return (until) => this.#halves.take(until)
  }

  get arrival(): Connection["arrival"] {
    return (until) => this.#halves.arrival(until)
  }

  get arrivalThen(): Connection["arrivalThen"] {
    return (until, next) => this.#halves.arrivalThen(until, next)
  }

  get onArrival(): Connection["onArrival"] {
    return (wake, fiber) => this.#halves.onArrival(wake, fiber)
  }

  get isReadable(): Connection["isReadable"] {
    return () => this.#halves.isReadable()
  }

  get readable(): Connection["readable"] {
    return this.reading().readable()
  }

  get poll(): Connection["poll"] {
    return (timeout) => this.reading().poll(timeout)
  }

  // --- writing

  get write(): Connection["write"] {
    return (chunks, timeout) => Effect.suspend(() => this.#halves.offer(chunks, timeout))
  }

  get offer(): Connection["offer"] {
    return (chunks, timeout) => this.#halves.offer(chunks, timeout)
  }

  get defer(): Connection["defer"] {
    return (source, bytes) => this.#halves.defer(source, bytes)
  }

  get leave(): Connection["leave"] {
    return () => this.#halves.leave()
  }

  get pending(): Connection["pending"] {
    return () => this.#halves.pending()
  }

  get left(): Connection["left"] {
    return () => this.#halves.left()
  }

  get flush(): Connection["flush"] {
    return this.#halves.writer.flush()
  }

  get flushUntil(): Connection["flushUntil"] {
    return (until) => this.#halves.flushUntil(until)
  }

  get endWrite(): Connection["endWrite"] {
    return this.#halves.writer.endWrite()
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
    return Exit.isSuccess(exit) ? this.close : this.end("now")
  }

  private linger(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { driver } = this.#halves
      this.#halves.leave()
      this.#halves.close()
      if (driver.closeAtOnce?.() === true) return Effect.void
      return Effect.zipRight(Deadline.withinLive(driver.close("linger"), this.#info.linger), this.end("now"))
    })
  }

  private end(mode: "now" | "reset"): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#halves.close()
      return this.#halves.driver.close(mode)
    })
  }
}

/** One whose system can be read into the caller's memory. */
class DirectEnd extends End {
  get pullInto(): NonNullable<Connection["pullInto"]> {
    return (buffer) => this.reading().pullInto(buffer)
  }

  get takeInto(): NonNullable<Connection["takeInto"]> {
    return (buffer, until) => this.reading().takeInto(buffer, until)
  }
}

export const endOf = (driver: Driver, info: Info, scope: Scope.Scope): End =>
  driver.takeInto === undefined
    ? new End(new Halves(driver, info.highWaterMark, scope), info)
    : new DirectEnd(new DirectHalves(driver, info.highWaterMark, scope), info)

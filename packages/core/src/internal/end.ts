import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Connection, Driver, Info } from "../Connection.js"
import { Facade } from "../Facade.js"
import { Reader } from "./reader.js"
import type { Watchdog } from "./watchdog.js"
import { Writer } from "./writer.js"

type Optional<Name extends "pullInto" | "takeInto"> = NonNullable<Connection[Name]>

/** The connection over a driver. What each message asks for is made once, the rest whenever it is asked for. */
export class End extends Facade implements Connection {
  readonly #driver: Driver
  readonly #info: Info
  readonly #reader: Reader
  readonly #writer: Writer
  #pull: Connection["pull"] | undefined
  #take: Connection["take"] | undefined
  #arrival: Connection["arrival"] | undefined
  #write: Connection["write"] | undefined
  #offer: Connection["offer"] | undefined

  constructor(driver: Driver, info: Info, watchdog: Watchdog, highWaterMark: number) {
    super()
    const reader = new Reader(driver, watchdog)
    const writer = new Writer(driver, watchdog, highWaterMark, reader)
    this.#driver = driver
    this.#info = info
    this.#reader = reader
    this.#writer = writer
    driver.start((side) => (side === "read" ? reader.wake() : writer.wake()))
  }

  get localAddress() {
    return this.#info.localAddress
  }

  get remoteAddress() {
    return this.#info.remoteAddress
  }

  get fileno() {
    return this.#info.fileno
  }

  // --- reading

  get pull(): Connection["pull"] {
    return (this.#pull ??= this.#reader.pull())
  }

  get take(): Connection["take"] {
    return (this.#take ??= () => this.#reader.take())
  }

  get arrival(): Connection["arrival"] {
    return (this.#arrival ??= (until) => this.#reader.arrival(until))
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

  get write(): Connection["write"] {
    return (this.#write ??= (chunks, timeout) => Effect.suspend(() => this.#writer.offer(chunks, timeout)))
  }

  get offer(): Connection["offer"] {
    return (this.#offer ??= (chunks, timeout) => this.#writer.offer(chunks, timeout))
  }

  get pending(): Connection["pending"] {
    return () => this.#driver.pending()
  }

  get flush(): Connection["flush"] {
    return this.#writer.flush()
  }

  get endWrite(): Connection["endWrite"] {
    return this.#writer.endWrite()
  }

  // --- closing

  get close(): Connection["close"] {
    return Effect.uninterruptible(this.#linger())
  }

  get abort(): Connection["abort"] {
    return this.#close("reset")
  }

  /** What leaving the scope does. */
  finish(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Exit.isSuccess(exit) ? this.#linger() : this.#close("now")
  }

  #linger(): Effect.Effect<void> {
    return Effect.zipRight(within(this.#info.linger, this.#close("linger")), this.#close("now"))
  }

  #close(mode: "linger" | "now" | "reset"): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#reader.close()
      this.#writer.close()
      return this.#driver.close(mode)
    })
  }
}

/** One whose system can be read into the caller's memory. */
export class DirectEnd extends End {
  #takeInto: Optional<"takeInto"> | undefined

  get pullInto(): Optional<"pullInto"> {
    return this.pullIntoOf()
  }

  get takeInto(): Optional<"takeInto"> {
    return (this.#takeInto ??= this.takeIntoOf())
  }
}

// Closing waits in real time: under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

const within = (linger: Duration.DurationInput, effect: Effect.Effect<void>): Effect.Effect<unknown> =>
  effect.pipe(Effect.interruptible, Effect.timeoutOption(linger), Effect.withClock(liveClock))

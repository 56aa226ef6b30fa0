import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type Address, isAddress } from "../Address.js"
import type { Connection } from "../Connection.js"
import { type ConnectError, InvalidAddress, NotConnected } from "../DuctError.js"
import type * as RawDuct from "../RawDuct.js"
import { type PairOptions, type SocketOptions, Transport } from "../Transport.js"
import * as constants from "./constants.js"
import { shutDown } from "./held.js"
import { Life } from "./life.js"
import { RawEnd } from "./rawEnd.js"

interface TimeoutOption {
  readonly timeout?: Duration.DurationInput
}

/** Addresses come from arguments of programs and from messages, of which the type promises nothing. */
const checked = (address: Address): Exit.Exit<Address, InvalidAddress> =>
  isAddress(address)
    ? Exit.succeed(address)
    : Exit.fail(
        new InvalidAddress({
          address: Inspectable.toStringUnknown(address, 0),
          problem: "expected what the functions of Address make; Address.fromString reads one from a text"
        })
      )

/** A duct whose connection comes and goes. */
abstract class Living extends RawEnd {
  readonly #life: Life

  constructor(options: SocketOptions & TimeoutOption) {
    super(options.timeout)
    this.#life = new Life(this, options.linger)
  }

  /** What leaving its scope does to it. */
  end(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return this.#life.leave(exit)
  }

  get close(): RawDuct.RawDuct["close"] {
    return (options = {}) => this.#life.close(Exit.void, options.shutdown)
  }

  protected giveUp(): Effect.Effect<void> {
    return this.#life.close(Exit.void)
  }

  protected life(): Life {
    return this.#life
  }
}

export const { lineOf } = RawEnd

const inScope = <Duct extends Living>(make: () => Duct) =>
  Effect.acquireRelease(Effect.sync(make), (duct, exit) => duct.end(exit))

class Parent extends Living implements RawDuct.RawDuctParent {
  readonly #transport: Transport["Type"]
  readonly #options: RawDuct.ParentOptions

  constructor(transport: Transport["Type"], options: RawDuct.ParentOptions) {
    super(options)
    this.#transport = transport
    this.#options = options
  }

  get bindAddress() {
    return Option.fromNullable(this.#options.address)
  }

  get listenerAddress(): RawDuct.RawDuctParent["listenerAddress"] {
    return Effect.suspend(() => {
      const { lastAddress } = this.life()
      return lastAddress === undefined
        ? Exit.fail(new NotConnected({ operation: "listenerAddress" }))
        : Exit.succeed(lastAddress)
    })
  }

  #bind(backlog = 1) {
    const asked = Effect.transposeMapOption(this.bindAddress, checked)
    const listening = Effect.flatMap(asked, (address) => this.#transport.listen(address, { ...this.#options, backlog }))
    return this.life().bind(listening)
  }

  get bind(): RawDuct.RawDuctParent["bind"] {
    return (listenQueueDepth) => Effect.map(this.#bind(listenQueueDepth), ({ address }) => address)
  }

  get listen(): RawDuct.RawDuctParent["listen"] {
    return (timeout = constants.pollTimeout) => {
      const life = this.life()
      return life.whenUnconnected("listen", () =>
        Effect.flatMap(this.#bind(), (listener) => life.accept(listener, Duration.decode(timeout)))
      )
    }
  }
}

export const parent = (
  options: RawDuct.ParentOptions = {}
): Effect.Effect<RawDuct.RawDuctParent, never, Transport | Scope.Scope> =>
  Effect.flatMap(Transport, (transport) => inScope(() => new Parent(transport, options)))

class Child extends Living implements RawDuct.RawDuctChild {
  readonly #transport: Transport["Type"]
  readonly #options: RawDuct.ChildOptions

  constructor(transport: Transport["Type"], options: RawDuct.ChildOptions) {
    super(options)
    this.#transport = transport
    this.#options = options
  }

  get connectAddress() {
    return this.#options.address
  }

  get connect(): RawDuct.RawDuctChild["connect"] {
    return (retry = {}) => {
      const { address, ...settings } = this.#options
      const attempt = Effect.flatMap(checked(address), (to) => {
        const once = this.#transport.connect(to, { timeout: this.timeout, ...settings })
        // What is not there may come; what has the number of a descriptor later is something else of this process.
        return to._tag === "FdAddress"
          ? once
          : Effect.retry(once, { schedule: retrySchedule(retry), while: isRetryable })
      })
      return this.life().connect(attempt)
    }
  }
}

export const child = (
  options: RawDuct.ChildOptions
): Effect.Effect<RawDuct.RawDuctChild, never, Transport | Scope.Scope> =>
  Effect.flatMap(Transport, (transport) => inScope(() => new Child(transport, options)))

const isRetryable = (error: ConnectError): boolean =>
  error._tag === "ConnectFailed" &&
  (error.reason === "Refused" || error.reason === "NotFound" || error.reason === "BacklogFull")

const retrySchedule = (options: RawDuct.RetryOptions): Schedule.Schedule<unknown, ConnectError> =>
  options.schedule ??
  Schedule.intersect(
    Schedule.recurs(Math.max(0, options.retryCount ?? constants.retryCount)),
    Schedule.spaced(options.retryDelay ?? constants.retryDelay)
  )

/** A duct over a connection that is somebody else's. */
class Connected extends RawEnd {
  readonly #connection: Connection
  readonly #linger: Duration.DurationInput | undefined

  constructor(connection: Connection, options: SocketOptions & TimeoutOption) {
    super(options.timeout)
    this.#connection = connection
    this.#linger = options.linger
    this.attach(connection)
  }

  get close(): RawDuct.RawDuct["close"] {
    return (options = {}) => Effect.uninterruptible(this.#end(options.shutdown))
  }

  protected giveUp(): Effect.Effect<void> {
    return this.#end()
  }

  #end(shutdown = false): Effect.Effect<void> {
    return Effect.suspend(() => {
      const connection = this.#connection
      this.attach(connection)
      return shutdown
        ? Effect.flatMap(shutDown(connection, this.#linger), (isEnded) =>
            isEnded ? connection.close : connection.abort
          )
        : connection.close
    })
  }
}

export const fromConnection = (connection: Connection, options: SocketOptions & TimeoutOption = {}): RawDuct.RawDuct =>
  new Connected(connection, options)

export const pair = (options: PairOptions & TimeoutOption = {}) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    // The time of a send or a receive is not that of connecting the two.
    const { timeout, ...settings } = options
    const [left, right] = yield* transport.pair(settings)
    const each = timeout === undefined ? settings : { ...settings, timeout }
    return [fromConnection(left, each), fromConnection(right, each)] as const
  })

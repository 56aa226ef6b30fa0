import { Address, Connection } from "@ductworks/core"
import {
  BindFailed,
  type ConnectError,
  ConnectFailed,
  DuctClosed,
  InvalidAddress,
  type ListenError
} from "@ductworks/core/DuctError"
import type {
  ConnectOptions,
  Listener,
  ListenOptions,
  SocketOptions,
  TransportService
} from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { MemoryEnd } from "./memoryEnd.js"

interface Arrival {
  readonly end: MemoryEnd
  readonly from: Address.Address
}

/** A listening name: connections that were made and not accepted yet, and fibers that wait for one. */
interface Bound {
  readonly backlog: number
  readonly arrivals: Array<Arrival>
  readonly waiting: Set<() => void>
  isClosed: boolean
}

interface Place {
  readonly name: string
  readonly address: Address.Address
  readonly bound: Bound
}

const wake = (bound: Bound): void => {
  const waiting = [...bound.waiting]
  bound.waiting.clear()
  for (const resume of waiting) resume()
}

/** Names and connections of one memory transport. */
export const makeNetwork = (capacity: number, isDirect: boolean): TransportService => {
  const names = new Map<string, Bound>()
  let count = 0

  const freshName = (): string => {
    const name = `ductworks-${++count}`
    return names.has(name) ? freshName() : name
  }

  const connection = (end: MemoryEnd, local: Address.Address, remote: Address.Address, options: SocketOptions) =>
    Connection.make(end.driver(isDirect), {
      localAddress: local,
      remoteAddress: remote,
      fileno: Option.none(),
      linger: options.linger ?? "3 seconds",
      highWaterMark: options.highWaterMark
    })

  const connect = (address: Address.Address, options: ConnectOptions = {}) =>
    Effect.uninterruptible(
      Effect.suspend((): Effect.Effect<Connection.Connection, ConnectError, Scope.Scope> => {
        const name = nameOf(address)
        if (typeof name !== "string") return Exit.fail(name)
        const bound = names.get(name)
        if (bound === undefined) return connectFailed(address, "NotFound", "ENOENT")
        if (bound.arrivals.length >= bound.backlog) return connectFailed(address, "BacklogFull", "EAGAIN")
        const from = Address.MemoryAddress(freshName())
        const [ours, theirs] = MemoryEnd.pair(capacity)
        return Effect.tap(connection(ours, from, address, options), () => {
          bound.arrivals.push({ end: theirs, from })
          wake(bound)
        })
      })
    )

  const listen = (asked: Option.Option<Address.Address>, options: ListenOptions = {}) =>
    Effect.acquireRelease(
      Effect.suspend((): Exit.Exit<Place, ListenError> => {
        const address = Option.getOrElse(asked, () => Address.MemoryAddress(freshName()))
        const name = nameOf(address)
        if (typeof name !== "string") return Exit.fail(name)
        if (names.has(name)) {
          const text = Address.format(address)
          return Exit.fail(new BindFailed({ reason: "AddressInUse", address: text, code: "EADDRINUSE" }))
        }
        const backlog = Connection.sizeOr(options.backlog, 128)
        const bound: Bound = { backlog, arrivals: [], waiting: new Set(), isClosed: false }
        names.set(name, bound)
        return Exit.succeed({ name, address, bound })
      }),
      // A connection that nobody accepted is reset, as the kernel does it.
      ({ bound, name }) =>
        Effect.suspend(() => {
          names.delete(name)
          bound.isClosed = true
          wake(bound)
          return Effect.forEach(bound.arrivals.splice(0), ({ end }) => end.close("reset"), { discard: true })
        })
    ).pipe(Effect.map(({ address, bound }): Listener => ({ address, accept: accept(address, bound, options) })))

  // Whoever is woken looks again, so an interrupted wait takes no connection with it.
  const accept = (address: Address.Address, bound: Bound, options: ListenOptions): Listener["accept"] =>
    Effect.uninterruptibleMask((restore) => {
      const next: Listener["accept"] = Effect.suspend(() => {
        if (bound.isClosed) return acceptClosed
        const arrival = bound.arrivals.shift()
        return arrival === undefined
          ? Effect.zipRight(restore(arrivalAt(bound)), next)
          : connection(arrival.end, address, arrival.from, options)
      })
      return next
    })

  const pair: TransportService["pair"] = (options = {}) =>
    Effect.suspend(() => {
      const [left, right] = MemoryEnd.pair(capacity)
      const leftAddress = Address.MemoryAddress(freshName())
      const rightAddress = Address.MemoryAddress(freshName())
      return Effect.all([
        connection(left, leftAddress, rightAddress, options),
        connection(right, rightAddress, leftAddress, options)
      ])
    })

  return { connect, listen, pair }
}

const acceptClosed = Exit.fail(new DuctClosed({ operation: "accept" }))

const arrivalAt = (bound: Bound): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (bound.isClosed || bound.arrivals.length > 0) return resume(Exit.void)
    const arrived = () => resume(Exit.void)
    bound.waiting.add(arrived)
    return Effect.sync(() => bound.waiting.delete(arrived))
  })

const connectFailed = (address: Address.Address, reason: "NotFound" | "BacklogFull", code: string) =>
  Exit.fail(new ConnectFailed({ reason, address: Address.format(address), code }))

const nameOf = (address: Address.Address): string | InvalidAddress =>
  address._tag !== "MemoryAddress"
    ? new InvalidAddress({ address: Address.format(address), problem: "the memory transport knows only memory:<name>" })
    : address.name === ""
      ? new InvalidAddress({ address: Address.format(address), problem: "a memory address needs a name" })
      : address.name

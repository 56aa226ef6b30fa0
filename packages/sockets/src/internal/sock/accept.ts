import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { SocketAddress } from "../../SocketAddress.js"
import type { ArgumentError, SocketError } from "../../SocketError.js"
import type { Sock } from "../../Sock.js"
import { isBlocked, isLostConnection, isOutOfRoom, wouldBlock } from "../errno.js"
import { checkNatural } from "./arguments.js"
import { Reason } from "./reason.js"
import type { SockState } from "./state.js"
import type { Slot } from "./system.js"

/*
 * A connection is accepted into the listener's own backlog first, then gets its place in the caller's scope, then is
 * handed over: an interruption anywhere leaves it in the backlog, for whoever accepts next.
 */

type Connection = readonly [Sock, SocketAddress]

/** The most connections of one `acceptMany`. */
const mostAccepted = 1024

export const accept = (state: SockState): Effect.Effect<Connection, SocketError, Scope.Scope> =>
  Effect.flatMap(arrival(state, "accept", 1), () =>
    Effect.flatMap(state.system.slot, (slot) =>
      // Another fiber may have been faster.
      state.reading.take("accept", () => (pull(state, 1, Reason.pause) ? take(state, slot) : undefined), state.error)
    )
  )

export const acceptMany = (
  state: SockState,
  max: number
): Effect.Effect<ReadonlyArray<Connection>, ArgumentError, Scope.Scope> => {
  const problem = checkNatural("acceptMany", "max", max)
  if (problem !== undefined) return problem
  const most = max === 0 ? mostAccepted : Math.min(max, mostAccepted)
  return Effect.flatMap(arrival(state, "acceptMany", most), () =>
    Effect.flatMap(state.system.slot, (slot) =>
      state.reading.take(
        "acceptMany",
        () => (pull(state, most, Reason.pause) ? takeMany(state, slot, most) : undefined),
        state.error
      )
    )
  )
}

export const acceptNow = (state: SockState): Effect.Effect<Option.Option<Connection>, SocketError, Scope.Scope> => {
  const now = <A>(step: () => A | undefined) =>
    Effect.catchAll(
      state.reading.now("acceptNow", step, (operation, result) =>
        isBlocked(result) || result === Reason.breathe ? none : Effect.fail(state.error(operation, result))
      ),
      (told) => told
    )
  return Effect.flatMap(
    now(() => pull(state, 1)),
    (here) =>
      here !== true
        ? none
        : Effect.flatMap(state.system.slot, (slot) =>
            now(() => (pull(state, 1) === undefined ? undefined : Option.fromNullable(take(state, slot))))
          )
  )
}

const none = Effect.succeed(Option.none<Connection>())

// Before there is a place in the scope: every wait that is interrupted would leave one.
const arrival = (state: SockState, operation: string, most: number): Effect.Effect<void, SocketError> => {
  const step = () => {
    if (pull(state, most, Reason.pause) === undefined) return undefined
    state.reading.release()
    return Effect.void
  }
  return state.reading.run(operation, step, state.error)
}

/** Accepts what is there into the backlog, up to `most` in it; whether there is any. */
const pull = (state: SockState, most: number, outOfRoom?: number): true | undefined => {
  const { backlog, port, reading } = state
  while (backlog.length < most) {
    const next = port.accept()
    if (typeof next !== "number") backlog.push({ port: next, address: port.sender() })
    // What was accepted before it is kept; the next accept meets it again, if it lasts.
    else if (backlog.length > 0) return true
    else if (isLostConnection(next)) return reading.refuse(Reason.breathe)
    else return reading.refuse(isOutOfRoom(next) ? (outOfRoom ?? next) : next)
  }
  return true
}

const take = (state: SockState, slot: Slot): Connection | undefined => {
  const accepted = state.backlog.shift()
  if (accepted === undefined) return state.reading.refuse(wouldBlock)
  return [state.system.place(accepted.port, slot), accepted.address]
}

const takeMany = (state: SockState, slot: Slot, most: number): ReadonlyArray<Connection> =>
  state.backlog.splice(0, most).map(({ address, port }) => [state.system.place(port, slot), address] as const)

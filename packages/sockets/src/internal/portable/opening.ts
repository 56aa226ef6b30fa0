/**
 * How a stream socket comes to be connected or to listen. What stands is the caller's; what failed or was interrupted
 * leaves nothing.
 */
import type { TcpAddress } from "@ductworks/core/Address"
import { type ConnectError, type InvalidAddress, type ListenError, Unsupported } from "@ductworks/core/DuctError"
import * as NodeDriver from "@ductworks/platform-node/NodeDriver"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { format, type SocketAddress } from "../../SocketAddress.js"
import type { SocketClosed, SocketFault } from "../../SocketError.js"
import { localOf, remoteOf, toDuct, unnamed } from "./addresses.js"
import { Connected } from "./connected.js"
import { faultOf } from "./failure.js"
import { Listening } from "./listening.js"
import type { Watches } from "./watches.js"

export type Failure = SocketFault | SocketClosed | InvalidAddress | Unsupported

/** Connecting or beginning to listen, and what stops that. */
export interface Opening {
  readonly stop: () => void
}

/** The interruptible part of an effect that is not. */
export type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** A socket of that domain, and who watches it. */
interface Owner {
  readonly domain: number
  readonly watches: Watches
}

export const openConnected = (
  restore: Restore,
  owner: Owner,
  driver: NodeDriver.NodeDriver,
  address: SocketAddress,
  from: TcpAddress | undefined
): Effect.Effect<Connected, Failure> =>
  restore(NodeDriver.connect(driver, toDuct(owner.domain, address), { from })).pipe(
    Effect.onError(() => driver.close("now")),
    Effect.mapBoth({
      onFailure: (error) => failureOf("connect", error, address),
      onSuccess: () => {
        const isUnix = address._tag === "UnixAddress"
        const local = isUnix ? unnamed(owner.domain) : localOf(driver.socket)
        return new Connected(driver, local, isUnix ? address : remoteOf(driver.socket), owner.watches)
      }
    })
  )

export const openListening = (
  restore: Restore,
  owner: Owner,
  address: SocketAddress,
  options: NodeDriver.ListenOptions
): Effect.Effect<Listening, Failure> =>
  Effect.flatMap(Scope.make(), (scope) =>
    restore(Scope.extend(NodeDriver.listen(toDuct(owner.domain, address), options), scope)).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
      Effect.mapBoth({
        onFailure: (error) => failureOf("listen", error, address),
        onSuccess: (listener) => new Listening(listener, scope, owner.watches)
      })
    )
  )

const failureOf = (operation: string, error: ConnectError | ListenError, address: SocketAddress): Failure =>
  error._tag === "InvalidAddress" || error._tag === "Unsupported" ? error : faultOf(operation, error, format(address))

/** A client's path. */
export const boundConnect = Effect.fail(
  new Unsupported({ operation: "connect", problem: "Node connects Unix sockets without a name; do not bind this one" })
)

/** A port of the system's choice before there is one. */
export const boundName = Effect.fail(
  new Unsupported({
    operation: "getsockname",
    problem: "Node binds a stream socket when it listens or connects; ask for its port after that"
  })
)

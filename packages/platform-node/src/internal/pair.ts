import type { Connection } from "@ductworks/core/Connection"
import {
  type AcceptError,
  BindFailed,
  type ConnectError,
  ConnectFailed,
  type ListenError
} from "@ductworks/core/DuctError"
import type { PairOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Acceptor } from "./acceptor.js"
import { open } from "./listen.js"
import { connect, fromSocket, unnamed } from "./open.js"
import { ownScope } from "./ownScope.js"

/** Two connections that are each other's ends. Node has no socketpair(2): one connects to the other at a fresh path. */
export const pair = (
  options?: PairOptions
): Effect.Effect<readonly [Connection, Connection], ConnectError | ListenError, Scope.Scope> =>
  ownScope(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { acceptor, address } = yield* open(Option.none(), { ...options, backlog: 1 })
          const accept = acceptor.accept((socket) => fromSocket(socket, ends, options))
          const child = yield* Scope.extend(connect(address, options, ends), scope)
          yield* arrived(acceptor, child)
          const parent = yield* Scope.extend(Effect.mapError(accept, lost), scope)
          return [parent, child] as const
        })
      )
    )
  )

// Nobody can look the path up once this is over, so both ends say that they are unnamed, as socketpair(2)'s do.
const ends = { localAddress: unnamed, remoteAddress: unnamed }

const lost = (cause: AcceptError) => new BindFailed({ reason: "Other", address: "unix:", cause })

/**
 * Completes when there is something to accept. What this process has no descriptor for, libuv accepts and closes, and
 * tells nobody (`uv__emfile_trick` in src/unix/stream.c). To send nothing asks the kernel whether the other end is still
 * open; to read would be to read on, also what is for whoever inherits the descriptor. (Others write no empty chunks. The
 * driver of this transport hands them on to write(2).)
 */
const arrived = (acceptor: Acceptor, child: Connection): Effect.Effect<void, ConnectFailed> => {
  const look: Effect.Effect<void, ConnectFailed> = Effect.suspend(() =>
    acceptor.hasSome
      ? Effect.void
      : Effect.zipRight(Effect.mapError(child.write([nothing]), closedAtOnce), Effect.zipRight(nextTurn, look))
  )
  return look
}

const nothing = new Uint8Array(0)

const closedAtOnce = () => new ConnectFailed({ reason: "TooManyOpenFiles", address: "unix:", code: "EMFILE" })

const nextTurn: Effect.Effect<void> = Effect.async((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SocketError } from "../../SocketError.js"
import type { Sock } from "../../Sock.js"
import type { Port } from "../port.js"
import { unsupported } from "../unsupported.js"
import type { SockState } from "./state.js"

/** Another socket over the same open file. */
export const dup = (state: SockState): Effect.Effect<Sock, SocketError, Scope.Scope> => {
  const { native } = state.port
  if (native === undefined) return unsupported("dup")
  const made = Effect.suspend((): Effect.Effect<Port, SocketError> => {
    const port = native.dup()
    return typeof port === "number" ? Effect.fail(state.error("dup", port)) : Effect.succeed(port)
  })
  return state.system.open(made)
}

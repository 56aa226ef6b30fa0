import * as Effect from "effect/Effect"
import { InvalidAddress } from "@ductworks/core/DuctError"
import { Resolver } from "../../Resolver.js"
import { type AddressInput, format, fromInput, InetAddress, type SocketAddress } from "../../SocketAddress.js"
import type { AddressError, NameNotResolved } from "../../SocketError.js"
import { fault, isBlocked, isConnected, isInProgress, refused, wouldBlock } from "../errno.js"
import { checkAddress, ipVersion, isNumeric } from "./address.js"
import { Reason } from "./reason.js"
import { pendingError } from "./options.js"
import type { SockState } from "./state.js"

/** Connects, resolving a name if asked to. */
export const connect = (
  state: SockState,
  input: AddressInput,
  resolve: boolean
): Effect.Effect<void, AddressError | NameNotResolved> => {
  const address = fromInput(input)
  if (!resolve || isNumeric(address) || address._tag === "UnixAddress") return connectNumeric(state, address)
  const { domain } = state.port
  // The family is the socket's; everything else about the address can be wrong before the name is asked for.
  const problem = checkAddress(domain, InetAddress(ipVersion(domain) === 6 ? "::1" : "127.0.0.1", address.port), true)
  if (problem !== undefined) return new InvalidAddress({ address: format(address), problem: problem.problem })
  return Effect.flatMap(Resolver, (resolver) =>
    Effect.flatMap(resolver.resolve(address.ip, ipVersion(domain)), ([first, ...others]) =>
      others.reduce(
        (before, ip) =>
          Effect.catchTag(before, "SocketFault", () => connectNumeric(state, InetAddress(ip, address.port))),
        connectNumeric(state, InetAddress(first, address.port))
      )
    )
  )
}

const connectNumeric = (state: SockState, address: SocketAddress): Effect.Effect<void, AddressError> => {
  const problem = checkAddress(state.port.domain, address, true)
  if (problem !== undefined) return problem
  return Effect.suspend(() => {
    const { port, writing } = state
    let isBegun = false
    const step = (): Effect.Effect<void, AddressError> | undefined => {
      // Linux tells by connect itself how it went, and then lets the socket try again; others by SO_ERROR.
      const error = isBegun && process.platform !== "linux" ? pendingError(port) : 0
      if (error < 0) return writing.refuse(error)
      const result = port.connect(address)
      if (typeof result === "number" && !isConnected(result, isBegun)) return refuse(result)
      writing.release()
      return typeof result === "number" ? checkSelf(state, address) : result
    }
    const refuse = (result: number): undefined => {
      isBegun = isInProgress(result)
      return writing.refuse(isBegun ? wouldBlock : isBlocked(result) ? Reason.backlogFull : result)
    }
    const tell = (operation: string, reason: number) =>
      state.error(operation, reason === Reason.backlogFull ? wouldBlock : reason, format(address))
    return writing.run<void, AddressError>("connect", step, tell)
  })
}

// Both ends of a TCP connection over the loopback interface can be the same socket, if the system chose the port that
// was asked for: nobody listens there.
const checkSelf = (state: SockState, address: SocketAddress): Effect.Effect<void, AddressError> => {
  const { port } = state
  if (!state.isStream || address._tag === "UnixAddress") return Effect.void
  return Effect.flatMap(port.localAddress(), (local) => {
    if (local._tag === "UnixAddress" || local.port !== address.port) return Effect.void
    return Effect.flatMap(port.remoteAddress(), (remote) =>
      format(local) === format(remote)
        ? Effect.zipRight(state.close, fault("connect", refused, format(address)))
        : Effect.void
    )
  })
}

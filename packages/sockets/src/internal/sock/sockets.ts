import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { AF, SOCK } from "../../SocketConstants.js"
import type { ArgumentError } from "../../SocketError.js"
import type { Sock, SocketsService, SockOptions } from "../../Sock.js"
import { fault, notSupported } from "../errno.js"
import type { Port, Ports } from "../port.js"
import { receivedFds } from "../receivedFds.js"
import { unsupported } from "../unsupported.js"
import { checkInt, checkNatural } from "./arguments.js"
import { SockImpl } from "./sockImpl.js"
import { SockState } from "./state.js"
import { System } from "./system.js"

/** How the sockets of a layer share the event loop. */
export interface Manners {
  /** Operations of a socket without waiting before the event loop has a turn. */
  readonly maxImmediate: number
  /** Whether a receive that would wait spins first. */
  readonly isSpinning: boolean
}

/** The service over ports of one kind. */
export const makeSockets = (ports: Ports, { isSpinning, maxImmediate }: Manners): SocketsService => {
  const system = new System(
    ports,
    maxImmediate,
    isSpinning,
    (port, system) => new SockImpl(new SockState(port, system))
  )
  return {
    sock: (options) => sock(system, options),
    socketpair: (domain = AF.UNIX, type = SOCK.STREAM, protocol = 0) => socketpair(system, domain, type, protocol),
    hasIpv6: Effect.sync(() => {
      const port = ports.open(AF.INET6, SOCK.STREAM, 0)
      if (typeof port === "number") return false
      port.close()
      return true
    }),
    liveSockets: Effect.sync(() => system.live)
  }
}

// What socket(2) of Linux takes in the type; these sockets are so anyway.
const always = Math.max(0, SOCK.NONBLOCK) | Math.max(0, SOCK.CLOEXEC)

const sock = (system: System, options: SockOptions = {}): Effect.Effect<Sock, ArgumentError, Scope.Scope> => {
  const { domain, fd = -1, protocol = 0, type } = options
  const problem = checkKind("sock", domain ?? AF.INET, type ?? SOCK.STREAM, protocol)
  if (problem !== undefined) return problem
  if (fd !== -1) return adopt(system, fd, domain, type)
  return system.open(
    Effect.suspend(() => made(system, system.ports.open(domain ?? AF.INET, (type ?? SOCK.STREAM) & ~always, protocol)))
  )
}

const adopt = (
  system: System,
  fd: number,
  domain: number | undefined,
  type: number | undefined
): Effect.Effect<Sock, ArgumentError, Scope.Scope> =>
  checkNatural("sock", "the descriptor", fd) ??
  system.open(
    Effect.suspend(() => {
      const port = system.ports.adopt(fd, domain, type)
      // From here on the socket closes it, not the scope of the receive that it came with.
      if (typeof port !== "number") receivedFds.delete(fd)
      return made(system, port)
    })
  )

const socketpair = (
  system: System,
  domain: number,
  type: number,
  protocol: number
): Effect.Effect<readonly [Sock, Sock], ArgumentError, Scope.Scope> =>
  checkKind("socketpair", domain, type, protocol) ??
  Effect.flatMap(system.slot, (slot) =>
    Effect.suspend((): Effect.Effect<readonly [Sock, Sock], ArgumentError> => {
      const ports = system.ports.pair(domain, type & ~always, protocol)
      return typeof ports === "number"
        ? Effect.fail(refused(system, "socketpair", ports))
        : Effect.succeed([system.place(ports[0], slot), system.place(ports[1], slot)])
    })
  )

const checkKind = (operation: string, domain: number, type: number, protocol: number): InvalidArgument | undefined =>
  checkInt(operation, "the domain", domain) ??
  checkInt(operation, "the type", type) ??
  checkInt(operation, "the protocol", protocol)

const made = (system: System, port: Port | number): Effect.Effect<Port, ArgumentError> =>
  typeof port === "number" ? Effect.fail(refused(system, "sock", port)) : Effect.succeed(port)

const refused = ({ ports }: System, operation: string, result: number): ArgumentError =>
  result === notSupported && !ports.isNative ? unsupported(operation) : fault(operation, result)

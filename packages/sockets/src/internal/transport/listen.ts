import { type Address, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import { BindFailed, InvalidAddress, type ListenError } from "@ductworks/core/DuctError"
import type { Listener, ListenOptions } from "@ductworks/core/Transport"
import { backlogOf, checkListen, details, reasonOf } from "@ductworks/platform-node/SocketKit"
import { bind } from "@ductworks/platform-node/UnixListener"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { AF, SOCK } from "../../SocketConstants.js"
import type { Handle } from "../binding.js"
import { fault, refused } from "../errno.js"
import { NativeHandle } from "../nativeHandle.js"
import { Acceptor } from "./acceptor.js"
import { connectionOf, unnamed } from "./open.js"
import { domainOf, resolve } from "./resolve.js"
import { reuseAddress } from "./socketOptions.js"
import type { System } from "./system.js"

/** Listens at the address; without one, at a fresh Unix path. */
export const listen =
  (system: System) =>
  (address: Option.Option<Address>, options: ListenOptions = {}): Effect.Effect<Listener, ListenError, Scope.Scope> =>
    Option.isNone(address)
      ? listenUnix(system, Option.none(), options)
      : Effect.flatMap(checkListen(address.value), (address) =>
          address._tag === "UnixAddress"
            ? listenUnix(system, Option.some(address), options)
            : listenTcp(system, address, options)
        )

// --- Unix sockets

const listenUnix = (system: System, asked: Option.Option<UnixAddress>, options: ListenOptions) => {
  const text = format(Option.getOrElse(asked, () => unnamed))
  const listenAt = (path: string) => openAcceptor(system, AF.UNIX, UnixAddress(path), text, options)
  const isLive = (path: string) => isListening(system, path)
  return Effect.map(bind(asked, listenAt, { ...options, isLive }), ({ address, listener }): Listener => ({
    address,
    accept: listener.accept((handle) =>
      isAllowed(system, handle, address)
        ? connectionOf(
            system,
            new NativeHandle(system.binding, handle),
            false,
            { localAddress: address, remoteAddress: unnamed },
            options
          )
        : undefined
    )
  }))
}

/**
 * Whether a process listens at the path. A datagram socket cannot connect to a stream socket (EPROTOTYPE), so a trial
 * with one is not taken for a connection; where nobody is, it is refused (unix(7)).
 */
const isListening = ({ addresses, binding }: System, path: string): boolean => {
  const length = addresses.encode(AF.UNIX, UnixAddress(path))
  const handle = binding.socket(AF.UNIX, SOCK.DGRAM, 0)
  if (handle < 0) throw fault("socket", handle)
  const result = typeof length === "number" ? binding.connect(handle, addresses.to, length) : 0
  binding.close(handle)
  return result !== refused
}

/** Closes the connection of one who is not allowed. */
const isAllowed = ({ allowPeer, binding, credentials }: System, handle: Handle, address: Address): boolean => {
  let isWelcome = false
  try {
    if (binding.peerCredentials(handle, credentials) < 0) return false
    const [pid = -1, uid = -1, gid = -1] = credentials
    isWelcome = allowPeer({ pid, uid: uid >>> 0, gid: gid >>> 0 }, address)
    return isWelcome
  } finally {
    if (!isWelcome) binding.close(handle)
  }
}

// --- TCP

const listenTcp = (system: System, asked: TcpAddress, options: ListenOptions) => {
  const text = format(asked)
  const ips = Effect.mapError(resolve(asked.hostname), (cause) => bindFailed(text, cause))
  return Effect.flatMap(ips, ([ip = ""]) =>
    Effect.map(openAcceptor(system, domainOf(ip), InetAddress(ip, asked.port), text, options), (acceptor): Listener => {
      const address = TcpAddress(asked.hostname, portOf(system, acceptor.handle) ?? asked.port)
      return {
        address,
        accept: acceptor.accept((handle) =>
          connectionOf(
            system,
            new NativeHandle(system.binding, handle),
            true,
            { localAddress: address, remoteAddress: remoteOf(system) },
            options
          )
        )
      }
    })
  )
}

const portOf = ({ addresses, binding }: System, handle: Handle): number | undefined => {
  const length = binding.getsockname(handle, addresses.from)
  const local = length < 0 ? undefined : addresses.decode(length)
  return local?._tag === "InetAddress" ? local.port : undefined
}

/** Of the connection that was accepted last. */
const remoteOf = ({ addresses, binding }: System): TcpAddress => {
  const remote = addresses.decode(binding.results[0])
  return remote._tag === "InetAddress" ? TcpAddress(remote.ip, remote.port) : TcpAddress("", 0)
}

// --- both

const openAcceptor = (
  system: System,
  domain: number,
  target: SocketAddress,
  address: string,
  options: ListenOptions
): Effect.Effect<Acceptor, BindFailed | InvalidAddress, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const handle = open(system, domain, target, address, backlogOf(options))
      return typeof handle === "number" ? Effect.succeed(new Acceptor(system, handle)) : Effect.fail(handle)
    }),
    (acceptor) => Effect.sync(() => acceptor.close())
  )

const open = (
  { addresses, binding }: System,
  domain: number,
  target: SocketAddress,
  address: string,
  backlog: number
): Handle | BindFailed | InvalidAddress => {
  const length = addresses.encode(domain, target)
  if (typeof length !== "number") return new InvalidAddress({ address, problem: length.problem })
  const handle = binding.socket(domain, SOCK.STREAM, 0)
  if (handle < 0) return bindFailed(address, fault("socket", handle))
  const failed = (operation: string, result: number): BindFailed => {
    binding.close(handle)
    return bindFailed(address, fault(operation, result))
  }
  const reused = domain === AF.UNIX ? 0 : reuseAddress(binding, handle)
  if (reused < 0) return failed("setsockopt", reused)
  const bound = binding.bind(handle, addresses.to, length)
  if (bound < 0) return failed("bind", bound)
  const listening = binding.listen(handle, backlog)
  return listening < 0 ? failed("listen", listening) : handle
}

const bindFailed = (address: string, cause: unknown): BindFailed =>
  new BindFailed({ reason: reasonOf(cause), address, ...details(cause) })

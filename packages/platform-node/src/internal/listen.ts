import { type Address, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import type { ListenError } from "@ductworks/core/DuctError"
import type { Listener, ListenOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as net from "node:net"
import { bind } from "../UnixListener.js"
import { type Acceptor, openAcceptor } from "./acceptor.js"
import { checkListen, checkNodeName } from "./addresses.js"
import { fromSocket, unnamed } from "./open.js"
import { backlogOf } from "./settings.js"

/** What listens, and where. */
interface Bound {
  readonly address: UnixAddress | TcpAddress
  readonly acceptor: Acceptor
}

/** Listens at the address; without one, at a fresh Unix path. */
export const listen = (
  address: Option.Option<Address>,
  options: ListenOptions = {}
): Effect.Effect<Listener, ListenError, Scope.Scope> =>
  Effect.map(open(address, options), ({ acceptor, address }) => ({
    address,
    accept: acceptor.accept((socket) =>
      fromSocket(socket, { localAddress: address, remoteAddress: remoteOf(address, socket) }, options)
    )
  }))

/** As {@link listen}, for who asks without waiting. */
export const open = (
  address: Option.Option<Address>,
  options: ListenOptions & net.ListenOptions = {}
): Effect.Effect<Bound, ListenError, Scope.Scope> =>
  Option.isNone(address)
    ? openUnix(Option.none(), options)
    : Effect.flatMap(Effect.tap(checkListen(address.value), checkNodeName("listen", address.value)), (address) =>
        address._tag === "UnixAddress" ? openUnix(Option.some(address), options) : openTcp(address, options)
      )

const openUnix = (
  asked: Option.Option<UnixAddress>,
  options: ListenOptions
): Effect.Effect<Bound, ListenError, Scope.Scope> => {
  const text = format(Option.getOrElse(asked, () => UnixAddress("")))
  const listenAt = (path: string) => openAcceptor({ path, ...shared(options) }, text)
  return Effect.map(bind(asked, listenAt, options), ({ address, listener }) => ({ address, acceptor: listener }))
}

const openTcp = (
  asked: TcpAddress,
  options: ListenOptions & net.ListenOptions
): Effect.Effect<Bound, ListenError, Scope.Scope> => {
  const target = { host: asked.hostname, port: asked.port, ipv6Only: options.ipv6Only, ...shared(options) }
  return Effect.map(openAcceptor(target, format(asked)), (acceptor) => ({
    address: TcpAddress(asked.hostname, portOf(acceptor) ?? asked.port),
    acceptor
  }))
}

// Not through the primary of node:cluster: two workers that listen at one address are two ducts.
const shared = (options: ListenOptions) => ({
  backlog: backlogOf(options),
  exclusive: true
})

const portOf = (acceptor: Acceptor): number | undefined => {
  const address = acceptor.server.address()
  return address !== null && typeof address === "object" ? address.port : undefined
}

const remoteOf = (address: Address, socket: net.Socket): Address =>
  address._tag === "UnixAddress" ? unnamed : TcpAddress(sameHost(socket.remoteAddress ?? ""), socket.remotePort ?? 0)

let lastHost = ""

/** Node makes a text of its own for each socket. Peers that come from the same machine share one. */
const sameHost = (host: string): string => (host === lastHost ? lastHost : (lastHost = host))

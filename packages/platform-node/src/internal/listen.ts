import { type Address, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import { sizeOr } from "@ductworks/core/Connection"
import type { ListenError } from "@ductworks/core/DuctError"
import type { Listener, ListenOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as net from "node:net"
import { bind } from "../UnixListener.js"
import { type Acceptor, openAcceptor } from "./acceptor.js"
import { checkListen } from "./addresses.js"
import { fromSocket } from "./open.js"

const defaultBacklog = 128

/** Listens at the address; without one, at a fresh Unix path. */
export const listen = (
  address: Option.Option<Address>,
  options: ListenOptions = {}
): Effect.Effect<Listener, ListenError, Scope.Scope> =>
  Option.isNone(address)
    ? listenUnix(Option.none(), options)
    : Effect.flatMap(checkListen(address.value), (address) =>
        address._tag === "UnixAddress" ? listenUnix(Option.some(address), options) : listenTcp(address, options)
      )

const listenUnix = (asked: Option.Option<UnixAddress>, options: ListenOptions) => {
  const text = format(Option.getOrElse(asked, () => UnixAddress("")))
  const open = (path: string) => openAcceptor({ path, ...shared(options) }, text)
  return Effect.map(bind(asked, open, options), ({ address, listener }) =>
    listenerOf(listener, address, () => UnixAddress(""), options)
  )
}

const listenTcp = (asked: TcpAddress, options: ListenOptions) =>
  Effect.map(openAcceptor({ host: asked.hostname, port: asked.port, ...shared(options) }, format(asked)), (acceptor) =>
    listenerOf(acceptor, TcpAddress(asked.hostname, portOf(acceptor) ?? asked.port), remoteOf, options)
  )

// Not through the primary of node:cluster: two workers that listen at one address are two ducts.
const shared = (options: ListenOptions) => ({
  // listen(2) takes an int.
  backlog: Math.min(0x7fffffff, sizeOr(options.backlog, defaultBacklog)),
  exclusive: true
})

const portOf = (acceptor: Acceptor): number | undefined => {
  const address = acceptor.server.address()
  return address !== null && typeof address === "object" ? address.port : undefined
}

const remoteOf = (socket: net.Socket): Address => TcpAddress(socket.remoteAddress ?? "", socket.remotePort ?? 0)

const listenerOf = (
  acceptor: Acceptor,
  address: Address,
  remoteAddress: (socket: net.Socket) => Address,
  options: ListenOptions
): Listener => ({
  address,
  accept: acceptor.accept((socket) =>
    fromSocket(socket, { localAddress: address, remoteAddress: remoteAddress(socket) }, options)
  )
})

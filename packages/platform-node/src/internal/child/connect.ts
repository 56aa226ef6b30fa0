import { type Address, format, TcpAddress, UnixAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import {
  type AcceptError,
  BindFailed,
  CommunicationFault,
  type ListenError,
  Unsupported
} from "@ductworks/core/DuctError"
import type { SocketOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import type * as net from "node:net"
import { openAcceptor } from "../acceptor.js"
import { descriptorOf, isTcp, takeHandle } from "../endpoint.js"
import { withCode } from "../errno.js"
import { open } from "../listen.js"
import { tune } from "../open.js"
import { lingerOf, readAheadOf } from "../settings.js"
import { SocketDriver } from "../socketDriver.js"
import type { Child } from "./child.js"
import { ChildDriver } from "./childDriver.js"
import { provenConnection } from "./prove.js"
import type { Started } from "./start.js"

/** How a child that is about to be started will find its parent. */
export interface Route {
  /** For the child's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly inheritsDescriptor: boolean
  /** The child's connection, as soon as it stands. The scope owns it. */
  readonly connection: (started: Started) => Effect.Effect<Connection.Connection, AcceptError, Scope.Scope>
}

// The descriptor after the three of stdio.
const descriptor = 3

/** The child is born with one end of a socketpair(2): libuv's src/unix/process.c, UV_CREATE_PIPE. */
export const inherited = (options: SocketOptions): Effect.Effect<Route, Unsupported> =>
  process.platform === "win32"
    ? new Unsupported({ operation: "spawn", problem: "Windows has no inherited sockets in Node; use transport: 'tcp'" })
    : Effect.succeed({
        env: { DUCTWORKS_ADDRESS: `fd:${descriptor}` },
        inheritsDescriptor: true,
        connection: ({ child, inherited }) =>
          inherited === undefined
            ? new CommunicationFault({ cause: withCode("Node gave no socket for the descriptor", "EBADF") })
            : connectionOf(new ChildDriver(inherited, child), unnamed, unnamed, options)
      })

const unnamed = UnixAddress("")

/** The child connects to a fresh path that only this user can reach. The scope closes the listener. */
export const overUnix = (options: SocketOptions): Effect.Effect<Route, ListenError, Scope.Scope> =>
  Effect.map(open(Option.none(), { backlog: 1 }), ({ acceptor, address }) => ({
    env: { DUCTWORKS_ADDRESS: format(address) },
    inheritsDescriptor: false,
    connection: ({ child }) =>
      acceptor.accept((socket) => connectionOf(driverOf(socket, child, options), address, unnamed, options))
  }))

const tokenBytes = 32

/** The child connects to a free port of this machine, and says a secret that only its environment holds. */
export const overTcp = (options: SocketOptions): Effect.Effect<Route, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const asked = TcpAddress("127.0.0.1", 0)
    const target = { host: asked.hostname, port: asked.port, backlog: 128, exclusive: true }
    const acceptor = yield* openAcceptor(target, format(asked))
    const bound = acceptor.server.address()
    if (bound === null || typeof bound === "string") {
      const cause = withCode("the listener has no port", "EADDRNOTAVAIL")
      return yield* new BindFailed({ reason: "AddressNotAvailable", address: format(asked), cause })
    }
    const address = TcpAddress(asked.hostname, bound.port)
    const token = randomBytes(tokenBytes).toString("hex")
    return {
      env: { DUCTWORKS_ADDRESS: format(address), DUCTWORKS_TOKEN: token },
      inheritsDescriptor: false,
      connection: ({ child }) =>
        provenConnection(
          acceptor,
          Buffer.from(token),
          (socket) => driverOf(socket, child, options),
          (driver) => connectionOf(driver, address, remoteOf(driver.socket.socket), options)
        )
    }
  })

const remoteOf = (socket: net.Socket): Address => TcpAddress(socket.remoteAddress ?? "", socket.remotePort ?? 0)

const driverOf = (socket: net.Socket, child: Child, options: SocketOptions): ChildDriver => {
  const handle = takeHandle(socket)
  return new ChildDriver(
    new SocketDriver(handle === undefined ? { plain: socket } : { handle }, readAheadOf(options)),
    child
  )
}

const connectionOf = (
  driver: ChildDriver,
  localAddress: Address,
  remoteAddress: Address,
  options: SocketOptions
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.suspend(() => {
    const { socket } = driver.socket
    const tcp = isTcp(socket)
    if (tcp) tune(socket, options)
    return Connection.make(driver, {
      localAddress,
      remoteAddress,
      fileno: Option.fromNullable(descriptorOf(socket)),
      linger: lingerOf(tcp, options),
      highWaterMark: options.highWaterMark
    })
  })

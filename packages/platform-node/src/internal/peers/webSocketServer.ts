import { TcpAddress } from "@ductworks/core/Address"
import { BindFailed, InvalidArgument, quoteText } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { BindError } from "@ductworks/peers/PeerError"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import type { WebSocketServerOptions } from "../../NodeWebSocketPeers.js"
import { tcpProblem } from "../addresses.js"
import { details, reasonOf } from "../errno.js"
import { WebSocketPeers } from "./webSockets.js"

const defaultHost = "127.0.0.1"

export const serveWebSockets = (
  options: WebSocketServerOptions
): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  Effect.gen(function* () {
    const problem = pathProblem(options.path) ?? (options.server === undefined ? hereProblem(options) : undefined)
    if (problem !== undefined) return yield* new InvalidArgument({ operation: "bind", problem })
    const server = options.server ?? (yield* listening(options))
    const peers = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocketPeers(endpointsOf(server, options.path), options)),
      (peers, exit) => peers.shut(exit)
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => attach(server, peers, options)),
      (detach) => Effect.sync(detach)
    )
    return peers
  })

const hereProblem = ({ host = defaultHost, port = 0 }: WebSocketServerOptions) => tcpProblem(TcpAddress(host, port), 0)

/** Requests name it as a URL writes it: no other would ever be asked for. */
const pathProblem = (path = "/"): string | undefined =>
  URL.canParse(path, anywhere) && new URL(path, anywhere).pathname === path
    ? undefined
    : `the path must be one as URLs write it, such as /chat, not ${quoteText(path)}`

const anywhere = "ws://127.0.0.1"

/** Takes the upgrades of a server; gives what stops that. */
const attach = (server: http.Server, peers: WebSocketPeers, options: WebSocketServerOptions): (() => void) => {
  const { path } = options
  const sockets = new WebSocketServer({ ...peers.settings, noServer: true, clientTracking: false })
  const onUpgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    // Somebody else may serve the other paths of a server that is shared.
    if (path !== undefined && request.url?.split("?")[0] !== path) {
      if (options.server === undefined) refuse(socket, "404 Not Found")
      return
    }
    if (!isWelcome(request, options.origins ?? "same")) return refuse(socket, "403 Forbidden")
    if (!peers.hasRoom()) return refuse(socket, "503 Service Unavailable")
    const { remoteAddress = "", remotePort = 0 } = request.socket
    const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress
    sockets.handleUpgrade(request, socket, head, (opened) =>
      peers.join(opened, socket, `ws://${host}:${remotePort}`, false)
    )
  }
  const onError = (cause: unknown) => peers.fail(cause)
  sockets.on("wsClientError", (_, socket) => {
    peers.counters.malformed++
    socket.destroy()
  })
  server.on("upgrade", onUpgrade).on("error", onError)
  return () => {
    server.off("upgrade", onUpgrade).off("error", onError)
    sockets.close()
  }
}

const refuse = (socket: Duplex, status: string): void => {
  socket.on("error", () => {})
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Browsers tell which page connects; a page of somebody else must not speak in its visitor's name. */
const isWelcome = (
  { headers }: http.IncomingMessage,
  origins: NonNullable<WebSocketServerOptions["origins"]>
): boolean => {
  const { host, origin } = headers
  if (origins === "any" || origin === undefined) return true
  if (origins !== "same") return origins.includes(origin)
  return URL.canParse(origin) && new URL(origin).host === host
}

const endpointsOf = (server: http.Server, path = ""): ReadonlyArray<string> => {
  const bound = server.address()
  if (bound === null || typeof bound === "string") return []
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address
  return [`ws://${host}:${bound.port}${path}`]
}

/** A server of our own: it answers nothing but upgrades. */
const listening = (options: WebSocketServerOptions): Effect.Effect<http.Server, BindFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<http.Server, BindFailed>((resume) => {
      const { host = defaultHost, port = 0 } = options
      const server = http.createServer((_, response) => response.writeHead(426, { Connection: "close" }).end())
      const fail = (cause: unknown) => {
        const address = `ws://${host.includes(":") ? `[${host}]` : host}:${port}`
        resume(Exit.fail(new BindFailed({ reason: reasonOf(cause), address, ...details(cause) })))
      }
      try {
        server.once("error", fail).listen({ host, port }, () => {
          server.off("error", fail)
          resume(Exit.succeed(server))
        })
      } catch (cause) {
        fail(cause)
      }
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Exit.void))
        server.closeAllConnections()
      })
  )

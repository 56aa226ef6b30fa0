// What the tests of NodeTransport share.
import { Address } from "@ductworks/core"
import type { Connection } from "@ductworks/core/Connection"
import { type ListenOptions, Transport } from "@ductworks/core/Transport"
import { NodeTransport } from "@ductworks/platform-node"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, temporaryDirectory } from "../fixtures/programs.js"

/** A test over NodeTransport, in real time. */
export const live = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
  it.scopedLive(title, () => Effect.provide(body, NodeTransport.layer))

export const text = new TextEncoder()

export const concat = (chunks: Iterable<Uint8Array>): Buffer => Buffer.concat([...chunks])

/** Everything until the end, and the end. */
export const drain = (connection: Connection) =>
  Effect.gen(function* () {
    const chunks: Array<Uint8Array> = []
    for (;;) {
      const pulled = yield* Effect.either(connection.pull)
      if (pulled._tag === "Left") return { bytes: concat(chunks), end: pulled.left }
      chunks.push(...pulled.right)
    }
  })

/** A child and a parent end, each with the scope it is closed with. */
export const ends = (address: Option.Option<Address.Address>, options?: ListenOptions) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* transport.listen(address, options)
    const childScope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const parentScope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const child = yield* Scope.extend(transport.connect(listener.address, options), childScope)
    const parent = yield* Scope.extend(listener.accept, parentScope)
    return { listener, child, parent, childScope, parentScope }
  })

export const loopback = Address.TcpAddress("127.0.0.1", 0)

export const freshUnix = Effect.map(temporaryDirectory, (directory) =>
  Address.UnixAddress(path.join(directory, "socket"))
)

export const connect = (address: Address.Address, options?: { readonly timeout?: "200 millis" }) =>
  Effect.flatMap(Transport, (transport) => transport.connect(address, options))

export const listen = (address: Address.Address) =>
  Effect.flatMap(Transport, (transport) => transport.listen(Option.some(address)))

/** Waits until the number was the same at many looks in a row, and gives it. */
export const stable = (value: () => number): Effect.Effect<number> => {
  const again = (last: number, quiet: number): Effect.Effect<number> =>
    Effect.flatMap(Effect.sleep("10 millis"), () => {
      const now = value()
      return now !== last ? again(now, 0) : quiet === 20 ? Effect.succeed(now) : again(now, quiet + 1)
    })
  return Effect.suspend(() => again(value(), 0))
}

/** What must not stay: descriptors, and what keeps the event loop going (sockets, servers, timers, processes). */
export const openResources = Effect.sync(
  () => fs.readdirSync("/dev/fd").length + process.getActiveResourcesInfo().length
)

/** The numbers of this process's sockets. */
export const openSockets = (): ReadonlyArray<number> =>
  fs
    .readdirSync("/dev/fd")
    .map(Number)
    .filter((fd) => {
      try {
        return fs.fstatSync(fd).isSocket()
      } catch {
        return false
      }
    })

/** No delay, keep-alive, and its idle time in seconds, as the system has them for the descriptor. */
export const tcpOptions = (fd: number) => {
  const script = [
    "import socket",
    "s = socket.socket(fileno=3)",
    "tcp = socket.IPPROTO_TCP",
    "idle = getattr(socket, 'TCP_KEEPIDLE', 0x10)",
    "print(s.getsockopt(tcp, socket.TCP_NODELAY) != 0,",
    "  s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0, s.getsockopt(tcp, idle))"
  ].join("\n")
  return run("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit", fd] }).pipe(
    Effect.flatMap((python) => python.output),
    Effect.map((output) => output.trim())
  )
}

import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { NativeSockets, PortableSockets, Sock } from "../../src/index.js"
import { AF } from "../../src/SocketConstants.js"

const layers = { native: NativeSockets.layer, portable: PortableSockets.layer }

type System = keyof typeof layers

/** A program over sockets, whosever they are. */
export type Program = Effect.Effect<void, unknown, Sock.Sockets | Scope.Scope>

const on = (system: System) => (title: string, program: Program) => {
  it.scopedLive(`${title} (${system})`, () => Effect.provide(program, layers[system]))
}

/** A test of the native sockets. */
export const native = on("native")

/** The same test of the native sockets and of Node's. */
export const both = (title: string, program: Program) => {
  native(title, program)
  on("portable")(title, program)
}

export const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

export const text = (data: Uint8Array): string => new TextDecoder().decode(data)

/** Bytes that tell their place. */
export const pattern = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + 7) % 251)

/** A path that nothing is at, in a directory that is removed afterwards. */
export const freshPath = (name = "socket"): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sock-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
  ).pipe(Effect.map((directory) => path.join(directory, name)))

/** A listening TCP socket, and where. */
export const listening = (domain = AF.INET, backlog?: number) =>
  Effect.gen(function* () {
    const listener = yield* Sock.sock({ domain })
    yield* listener.bind([domain === AF.INET6 ? "::1" : "127.0.0.1", 0])
    yield* listener.listen(backlog)
    return [listener, yield* listener.getsockname] as const
  })

/** Two ends of a TCP connection. */
export const connected = (domain = AF.INET) =>
  Effect.gen(function* () {
    const [listener, address] = yield* listening(domain)
    const client = yield* Sock.sock({ domain })
    yield* client.connect(address)
    const [server] = yield* listener.accept
    return [client, server] as const
  })

/** Lets the fiber that was just forked come to its wait. */
export const settled = Effect.repeatN(Effect.yieldNow(), 10)

/** What the socket received of its peer, and an interrupted receive has left in it. */
export const leave = (client: Sock.Sock, server: Sock.Sock, words: string) =>
  Effect.gen(function* () {
    yield* client.send(bytes(words))
    yield* server.waitForRead
    const interrupted = yield* Effect.fork(server.recvExact(words.length + 1))
    yield* settled
    yield* Fiber.interrupt(interrupted)
  })

/** One turn of the event loop. */
export const turn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

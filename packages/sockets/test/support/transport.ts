// What the tests of SocketTransport share.
import { Address } from "@ductworks/core"
import { type ConnectOptions, type ListenOptions, Transport } from "@ductworks/core/Transport"
import * as SocketTransport from "@ductworks/sockets/SocketTransport"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { spawn, type SpawnOptions } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { temporaryDirectory } from "./addon.js"

/** A test over SocketTransport, in real time. */
export const live = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
  it.scopedLive(`${title} (native)`, () => Effect.provide(body, SocketTransport.layer))

export const loopback = Address.TcpAddress("127.0.0.1", 0)

export const freshUnix = Effect.map(temporaryDirectory, (directory) =>
  Address.UnixAddress(path.join(directory, "socket"))
)

export const connect = (address: Address.Address, options?: ConnectOptions) =>
  Effect.flatMap(Transport, (transport) => transport.connect(address, options))

export const listen = (address: Address.Address, options?: ListenOptions) =>
  Effect.flatMap(Transport, (transport) => transport.listen(Option.some(address), options))

/** A scope of its own, closed with the test at the latest. */
export const ownScope = Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))

/** Two ends of a connection: who connected, and who accepted. */
export const ends = (address: Address.Address, options?: ListenOptions) =>
  Effect.gen(function* () {
    const listener = yield* listen(address, options)
    return yield* Effect.all([connect(listener.address, options), listener.accept], { concurrency: 2 })
  })

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

/** Starts a program, which the scope kills. */
export const start = (command: string, args: ReadonlyArray<string>, options: SpawnOptions = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], ...options })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child) => {
      let text = ""
      const line = new Promise<string>((resolve) => {
        child.stdout?.setEncoding("utf8").on("data", (more: string) => {
          text += more
          if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")))
        })
      })
      const exit = new Promise<{ readonly code: number | null; readonly text: string }>((resolve) =>
        child.once("close", (code) => resolve({ code, text: text.trim() }))
      )
      return { child, line: Effect.promise(() => line), exit: Effect.promise(() => exit) }
    }
  )

/** The compiled program of `fixtures/transport`; the tests themselves run from their sources. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../build/test/fixtures/transport/${name}.js`, import.meta.url))

/** Runs a program of `fixtures/transport` to its end; the JSON that it printed. */
export const reported = (name: string, args: ReadonlyArray<string> = [], options: SpawnOptions = {}) =>
  Effect.flatMap(start(process.execPath, [fixture(name), ...args], options), ({ exit }) =>
    Effect.map(exit, ({ text }): unknown => JSON.parse(text))
  )

/** Starts Python with the lines of a script. */
export const python = (script: ReadonlyArray<string>, options?: SpawnOptions) =>
  start("python3", ["-c", script.join("\n")], options)

// What the tests of the addon itself share: it, without the layers above.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { execFile, spawn, type SpawnOptions } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Handle } from "../../src/internal/binding.js"
import { find, load } from "../../src/internal/load.js"

export const addon = Either.getOrThrow(load())

/** The file that it came from; which one that is, the environment may say (scripts/native.mjs). */
export const addonFile = Either.getOrThrow(find())

export const {
  EAGAIN,
  EBADF,
  EBUSY,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENAMETOOLONG,
  ENOPROTOOPT,
  ENOTSOCK,
  EOPNOTSUPP,
  EPERM,
  EPIPE
} = os.constants.errno

export const { AF, IPPROTO, MSG, SHUT, SIZE, SO, SOCK, SOL } = addon.constants

/** A constant that the tests take for granted. */
export const known = (value: number | undefined): number => {
  assert.isDefined(value)
  return value
}

/** Closed with the scope, if it still is open. */
export const owned = (handle: number): Effect.Effect<Handle, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      assert.isAbove(handle, 0, `a negative errno is no handle`)
      return handle
    }),
    (handle) => Effect.sync(() => addon.close(handle))
  )

/** Two connected sockets; streams of the Unix domain unless told otherwise. */
export const pair = (
  domain = known(AF["UNIX"]),
  type = known(SOCK["STREAM"])
): Effect.Effect<readonly [Handle, Handle], never, Scope.Scope> =>
  Effect.suspend(() => {
    const out = new Int32Array(2)
    assert.strictEqual(addon.socketpair(domain, type, 0, out), 0)
    return Effect.all([owned(out[0] ?? 0), owned(out[1] ?? 0)])
  })

export const socket = (domain: number | undefined, type: number | undefined) =>
  Effect.suspend(() => owned(addon.socket(known(domain), known(type), 0)))

export const rawAddress = () => new Uint8Array(known(SIZE["SOCKADDR_STORAGE"]))

/** A fresh directory, gone with the scope. */
export const temporaryDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sockets-test-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** The open descriptors of this process. */
export const descriptors = (): number => fs.readdirSync("/dev/fd").length

export const isOpen = (fd: number): boolean => {
  try {
    fs.fstatSync(fd)
    return true
  } catch {
    return false
  }
}

const program = (name: string) => fileURLToPath(new URL(`../fixtures/addon/${name}.mjs`, import.meta.url))

/** Runs a command to its end; what it printed. */
const printed = (command: string, args: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.promise((signal) =>
    promisify(execFile)(command, [...args], { signal, killSignal: "SIGKILL", encoding: "utf8" })
  ).pipe(Effect.map(({ stdout }) => stdout.trim()))

/** Runs a program of `fixtures/addon` to its end, with the addon's file as its first argument; what it printed. */
export const runs = (name: string, ...args: ReadonlyArray<string>): Effect.Effect<string> =>
  printed(process.execPath, [program(name), addonFile, ...args])

/** Runs it by a shell's command line, where `"$@"` is the program. */
export const runsIn = (shell: string, name: string): Effect.Effect<string> =>
  printed("sh", ["-c", shell, "sh", process.execPath, program(name), addonFile])

/** Starts it; the scope kills it. */
export const starts = (name: string, options: SpawnOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program(name), addonFile], options)),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

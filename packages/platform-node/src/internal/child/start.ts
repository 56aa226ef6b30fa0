import * as Deadline from "@ductworks/core/Deadline"
import type { StandardCommand } from "@effect/platform/Command"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import * as net from "node:net"
import { codeOf, details, reasonOf } from "../errno.js"
import { takeHandle } from "../endpoint.js"
import { SocketDriver } from "../socketDriver.js"
import { Child } from "./child.js"
import { settingsOf } from "./command.js"
import { SpawnFailed } from "./errors.js"

/** A process that runs. */
export interface Started {
  readonly child: Child
  readonly process: ChildProcess
  /** Its end of descriptor 3, where that was asked for. */
  readonly inherited: SocketDriver | undefined
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>
  readonly stdio: StdioOptions
  readonly readAhead: number
  readonly grace: Duration.Duration
}

/** Starts the process. Leaving the scope makes sure that it has ended: SIGTERM, and SIGKILL after `grace`. */
export const start = (
  command: StandardCommand,
  options: StartOptions
): Effect.Effect<Started, SpawnFailed, Scope.Scope> =>
  Effect.acquireRelease(started(command, options), ({ child, inherited }) =>
    // The socket is the connection's, unless the start was given up before there was one.
    Effect.andThen(terminate(child, options.grace), () => inherited?.socket.destroy())
  )

const started = (command: StandardCommand, options: StartOptions): Effect.Effect<Started, SpawnFailed> =>
  Effect.async((resume) => {
    const failed = (cause: unknown) => resume(spawnFailed(command, cause))
    let process: ChildProcess
    try {
      const settings = settingsOf(command, options.env)
      process = spawn(command.command, command.args, { ...settings, stdio: options.stdio })
    } catch (cause) {
      return failed(cause)
    }
    // In the same step: Node's own socket has begun to read, and what it read would be lost with it.
    const inherited = inheritedBy(process, options.readAhead)
    const child = new Child(process)
    process.once("spawn", () => resume(Effect.succeed({ child, process, inherited })))
    // Stays for good: a signal that cannot be sent is an 'error' too.
    process.on("error", (cause) => {
      if (process.pid !== undefined) return
      for (const stream of process.stdio ?? []) stream?.destroy()
      inherited?.socket.destroy()
      failed(cause)
    })
  })

const inheritedBy = (process: ChildProcess, readAhead: number): SocketDriver | undefined => {
  // Without a descriptor left for the pipes, Node gives no stdio at all.
  const socket: unknown = Array.isArray(process.stdio) ? process.stdio[3] : undefined
  if (!(socket instanceof net.Socket)) return undefined
  const handle = takeHandle(socket)
  return new SocketDriver(handle === undefined ? { plain: socket } : { handle }, readAhead)
}

const spawnFailed = (command: StandardCommand, cause: unknown): SpawnFailed =>
  new SpawnFailed({
    // Too many processes; to a socket it would be a full backlog.
    reason: codeOf(cause) === "EAGAIN" ? "Other" : reasonOf(cause),
    executable: command.command,
    ...Option.match(command.cwd, { onNone: () => ({}), onSome: (cwd) => ({ cwd }) }),
    ...details(cause)
  })

// A process that the kernel cannot end (it waits for a dead disk) is left to itself.
const reapTimeout = Duration.seconds(10)

const terminate = (child: Child, grace: Duration.Duration): Effect.Effect<void> =>
  Effect.gen(function* () {
    child.signal("SIGTERM")
    yield* Deadline.withinLive(child.exit, grace)
    if (child.status === undefined) {
      child.signal("SIGKILL")
      yield* Deadline.withinLive(child.exit, reapTimeout)
    }
    child.release()
  })

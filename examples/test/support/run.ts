import { Data, Deferred, Effect, Exit, FiberId } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { built } from "./files.js"

/** How a program ended, what it printed, and what it left behind in its own temporary directory. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly left: ReadonlyArray<string>
}

class NeverSeen extends Data.TaggedError("NeverSeen")<{ readonly pattern: RegExp; readonly output: string }> {
  override get message() {
    return `the program ended without printing ${this.pattern}:\n${this.output}`
  }
}

export interface Running {
  readonly pid: number
  readonly kill: (signal: NodeJS.Signals) => void
  /** All matches so far of the (global) pattern in what was printed, once there are `count` of them. */
  readonly seen: (pattern: RegExp, count?: number) => Effect.Effect<ReadonlyArray<RegExpExecArray>, NeverSeen>
  readonly ended: Effect.Effect<Ended>
}

/** Starts a built example; what is left of it when the scope closes is killed. */
export const start = (name: string, args: ReadonlyArray<string> = [], env: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const scratch = mkdtempSync(join(tmpdir(), "ductworks-example-"))
      const child = spawn(process.execPath, [built(`${name}/main.js`), ...args], {
        env: { ...process.env, TMPDIR: scratch, ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const output = { stdout: "", stderr: "" }
      const ended = Deferred.unsafeMake<Ended>(FiberId.none)
      const listeners = new Set<() => void>()
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          output[stream] += text
          for (const listener of [...listeners]) listener()
        })
      }
      child.on("close", (code, signal) => {
        Deferred.unsafeDone(ended, Exit.succeed({ code, signal, ...output, left: readdirSync(scratch) }))
        for (const listener of [...listeners]) listener()
      })
      return { child, scratch, output, ended, listeners }
    }),
    ({ child, ended, scratch }) =>
      Effect.gen(function* () {
        child.kill("SIGKILL")
        yield* Deferred.await(ended)
        rmSync(scratch, { recursive: true, force: true })
      })
  ).pipe(
    Effect.map(({ child, ended, listeners, output }): Running => {
      const seen: Running["seen"] = (pattern, count = 1) =>
        Effect.async((resume) => {
          const look = () => {
            const text = output.stdout + output.stderr
            const found = [...text.matchAll(pattern)]
            const over = child.exitCode !== null || child.signalCode !== null
            if (found.length < count && !over) return
            listeners.delete(look)
            resume(found.length < count ? new NeverSeen({ pattern, output: text }) : Effect.succeed(found))
          }
          listeners.add(look)
          look()
        })
      return { pid: child.pid ?? -1, kill: (signal) => void child.kill(signal), seen, ended: Deferred.await(ended) }
    })
  )

/** Runs a built example to its end. */
export const run = (name: string, args?: ReadonlyArray<string>, env?: Record<string, string>) =>
  Effect.scoped(Effect.flatMap(start(name, args, env), ({ ended }) => ended))

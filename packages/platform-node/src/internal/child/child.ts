import { ChildExited } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type { ChildProcess } from "node:child_process"
import type { ExitStatus, Signal } from "../../NodeChild.js"

/** A process that was started: its end can be waited for, watched and brought about. */
export class Child {
  readonly pid: number
  private ended: ExitStatus | undefined
  private readonly watchers = new Set<() => void>()

  constructor(private readonly process: ChildProcess) {
    this.pid = process.pid ?? 0
    // 'exit', not 'close', which waits for everyone who inherited the output.
    process.once("exit", (code, signal) => {
      this.ended = { code: code ?? undefined, signal: signal ?? undefined }
      for (const watcher of this.watchers) watcher()
      this.watchers.clear()
    })
  }

  /** How it ended; `undefined` while it lives. */
  get status(): ExitStatus | undefined {
    return this.ended
  }

  /** Calls `watcher` when it ends; the function that calls that off. */
  onExit(watcher: () => void): () => void {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  readonly exit: Effect.Effect<ExitStatus> = Effect.async((resume) => {
    const look = () => {
      if (this.ended !== undefined) resume(Effect.succeed(this.ended))
    }
    if (this.ended !== undefined) return look()
    return Effect.sync(this.onExit(look))
  })

  /** Does nothing once it has ended: its number may be another's by then. */
  signal(signal: Signal): void {
    if (this.ended === undefined) this.process.kill(signal)
  }

  /** Lets go of it: it keeps this process alive no longer, and what it writes goes nowhere. */
  release(): void {
    this.process.unref()
    this.process.stdout?.destroy()
    this.process.stderr?.destroy()
  }

  toError(status: ExitStatus): ChildExited {
    return new ChildExited({
      pid: this.pid,
      ...(status.code === undefined ? {} : { exitCode: status.code }),
      ...(status.signal === undefined ? {} : { signal: status.signal })
    })
  }
}

import type { Chunks, Driver } from "@ductworks/core/Connection"
import type { ReadError, WriteError } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type { SocketDriver } from "../socketDriver.js"
import type { Child } from "./child.js"

// The kernel closes a dying process's descriptors before it tells the parent of the death; a program that fails closes
// its duct in good order and exits some time after. So the end is held back until the exit is known, or for this long.
const exitMillis = 1_000

/** The socket of a child process: at its end it says how the child ended, after every byte that it sent. */
export class ChildDriver implements Driver {
  private wake: (side: "read" | "write") => void = noop
  private unread: Array<Uint8Array> = []
  private wait: "none" | "running" | "over" = "none"
  private endWait: () => void = noop

  constructor(
    readonly socket: SocketDriver,
    private readonly child: Child
  ) {
    socket.start((side) => this.wake(side))
  }

  /** The first `count` bytes, taken out before anybody pulls; `undefined` if the end comes first. */
  first(count: number): Effect.Effect<Uint8Array | undefined> {
    return Effect.async((resume) => {
      const finish = (bytes: Uint8Array | undefined) => {
        this.wake = noop
        resume(Effect.succeed(bytes))
      }
      const look = () => {
        const taken = this.socket.take()
        if (taken === undefined) return
        if ("_tag" in taken) return finish(undefined)
        const held = Buffer.concat([...this.unread, ...taken])
        this.unread = [held]
        if (held.length < count) return look()
        this.unread = held.length > count ? [held.subarray(count)] : []
        finish(held.subarray(0, count))
      }
      this.wake = look
      look()
      return Effect.sync(() => {
        this.wake = noop
      })
    })
  }

  start(wake: (side: "read" | "write") => void): void {
    this.wake = wake
  }

  take(): Chunks | ReadError | undefined {
    const [first, ...rest] = this.unread
    if (first !== undefined) {
      this.unread = []
      return [first, ...rest]
    }
    const taken = this.socket.take()
    if (taken === undefined || !("_tag" in taken)) return taken
    if (taken._tag !== "RemoteDuctClosed" && taken._tag !== "RemoteDuctReset") return taken
    return this.explain(taken)
  }

  /** The end, once it is known what kind of end. */
  private explain(end: ReadError): ReadError | undefined {
    const { status } = this.child
    if (status !== undefined) return status.code === 0 ? end : this.child.toError(status)
    if (this.wait === "over") return end
    if (this.wait === "none") this.awaitExit()
    return undefined
  }

  private awaitExit(): void {
    this.wait = "running"
    const over = () => {
      this.endWait()
      this.wait = "over"
      this.wake("read")
    }
    const timer = setTimeout(over, exitMillis)
    const unwatch = this.child.onExit(over)
    this.endWait = () => {
      clearTimeout(timer)
      unwatch()
    }
  }

  put(chunks: Chunks): void {
    this.socket.put(chunks)
  }

  isGathering(): boolean {
    return this.socket.isGathering()
  }

  pending(): number {
    return this.socket.pending()
  }

  failure(): WriteError | undefined {
    return this.socket.failure()
  }

  get endWrite() {
    return this.socket.endWrite
  }

  close(mode: "linger" | "now" | "reset"): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.endWait()
      return this.socket.close(mode)
    })
  }
}

function noop(): void {}

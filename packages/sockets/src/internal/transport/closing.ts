import type { WriteError } from "@ductworks/core/DuctError"
import { whenQuiet } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isBlocked } from "../errno.js"
import type { NativeHandle } from "../nativeHandle.js"
import { landing } from "./landing.js"
import type { Outlet } from "./outlet.js"
import { resetOnClose } from "./socketOptions.js"
import type { System } from "./system.js"

// Discarded in one go while the connection closes.
const discardAtOnce = 1024 * 1024

const noop = () => {}

/** What closes. */
interface Ends {
  readonly sender: Outlet
  /** Bytes that have not left. */
  pending(): number
  failure(): WriteError | undefined
  /** Whether the other end has closed, or is lost. */
  hasEnded(): boolean
  /** Tells the other end that nothing more will be sent. */
  shutdown(): void
}

/** The close of a connection of the addon. */
export class Closing {
  isOver = false
  private isLingering = false
  private discarded = 0
  private stopQuiet: () => void = noop
  private waiting: Array<() => void> = []

  constructor(
    private readonly system: System,
    private readonly polled: NativeHandle,
    private readonly isTcp: boolean,
    private readonly ends: Ends
  ) {}

  close(mode: "linger" | "now" | "reset"): Effect.Effect<void> {
    return Effect.async((resume) => {
      const done = () => resume(Exit.void)
      if (this.isOver) return done()
      this.waiting.push(done)
      if (mode === "linger") this.linger()
      else this.destroy(mode === "reset")
      return Effect.sync(() => {
        this.waiting = this.waiting.filter((other) => other !== done)
      })
    })
  }

  // A TCP socket with input that nobody read, or with bytes that the other end's system has not taken, takes the long way.
  atOnce(): boolean {
    if (this.isOver) return true
    if (this.isLingering || this.ends.pending() > 0) return false
    const mayComeIn = this.isTcp && !this.ends.hasEnded() && this.ends.failure() === undefined
    if (mayComeIn && (this.discardOnce() > 0 || !this.hasArrived())) return false
    this.destroy()
    return true
  }

  private destroy(isReset = false): void {
    if (this.isOver) return
    this.isOver = true
    this.stopQuiet()
    if (isReset && this.isTcp) resetOnClose(this.system.binding, this.polled.handle)
    this.polled.close()
    this.ends.sender.stop()
    const { waiting } = this
    this.waiting = []
    for (const done of waiting) done()
  }

  // A Unix socket is closed without shutdown(2): another process may have inherited it and goes on. Its bytes are in the
  // other end's buffer already. A TCP socket that was closed answers what still comes in with a reset, which undoes what
  // the other end's system has not taken yet, and may undo what that end has not read: input is read away until then.
  private linger(): void {
    if (this.isLingering) return
    this.isLingering = true
    this.ends.sender.whenDrained(() => {
      if (this.isOver) return
      if (this.ends.failure() !== undefined || this.ends.hasEnded() || !this.isTcp) return this.destroy()
      this.discard()
      if (this.isOver) return
      if (this.discarded === 0 && this.hasArrived()) return this.destroy()
      this.ends.shutdown()
      this.stopQuiet = whenQuiet(
        () => this.discarded,
        () => this.destroy(),
        () => this.hasArrived()
      )
    })
  }

  private hasArrived(): boolean {
    return this.system.binding.unsent(this.polled.handle) <= 0
  }

  private discard(): void {
    if (this.isOver) return
    for (const limit = this.discarded + discardAtOnce; this.discarded < limit;) {
      const count = this.discardOnce()
      if (count <= 0 && !isBlocked(count)) return this.destroy()
      if (count < 0) break
    }
    if (this.polled.watch("read", () => this.discard()) < 0) this.destroy()
  }

  private discardOnce(): number {
    const room = landing.room(Number.MAX_SAFE_INTEGER)
    const count = this.system.binding.recv(this.polled.handle, landing.memory, landing.offset, room, 0, 0)
    if (count > 0) this.discarded += count
    return count
  }
}

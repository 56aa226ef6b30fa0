import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { NodeDriver } from "@ductworks/platform-node/NodeDriver"
import { defaultHighWaterMark, defaultReadAhead } from "@ductworks/core/Connection"
import type { ReadError } from "@ductworks/core/DuctError"
import type { SocketAddress } from "../../SocketAddress.js"
import { MSG } from "../../SocketConstants.js"
import { failed, failureOf } from "./failure.js"
import { isPeek, isSupported } from "./flags.js"
import { Held } from "./held.js"
import type { StreamOptions } from "./streamOptions.js"
import type { Watches } from "./watches.js"

/**
 * The connected state of a stream socket, over the driver that ducts use: its bytes in and out. What the kernel's two
 * buffers are to a system call, `held` with the driver's read-ahead, and what the driver has not sent, are here.
 */
export class Connected {
  private readonly held = new Held()
  private end: ReadError | undefined
  private isTold = false
  private isReadShut = false
  private isWriteShut = false

  constructor(
    private readonly driver: NodeDriver,
    readonly local: SocketAddress,
    readonly remote: SocketAddress,
    watches: Watches
  ) {
    driver.start((direction) => watches.fire(direction))
    this.hold(false)
  }

  get fileno(): number | undefined {
    return this.driver.fileno
  }

  tune(options: StreamOptions): void {
    options.apply(this.driver.socket)
  }

  /** Whether waiting for bytes keeps the process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.driver.socket.ref()
    else this.driver.socket.unref()
  }

  // --- receiving

  recv(into: Uint8Array, offset: number, length: number, flags: number): number {
    if (!isSupported(flags, MSG.PEEK)) return failed("EOPNOTSUPP")
    if (length === 0) return 0
    this.fill(length)
    if (this.held.size > 0) {
      return isPeek(flags) ? this.held.peek(into, offset, length) : this.held.take(into, offset, length)
    }
    if (this.isReadShut) return 0
    if (this.end === undefined) return failed("EAGAIN")
    return this.end._tag === "RemoteDuctClosed" || this.isTold ? 0 : this.tell(failureOf(this.end))
  }

  /** Bytes buffered here. */
  readable(): number {
    this.fill(defaultReadAhead)
    return this.held.size
  }

  isReadable(): boolean {
    this.fill(1)
    return this.held.size > 0 || this.isReadShut || this.end !== undefined
  }

  // Until `wanted` bytes are here, as far as the read-ahead goes: a glance at many must not hold more and more.
  private fill(wanted: number): void {
    if (this.held.size >= Math.min(wanted, defaultReadAhead) || this.end !== undefined || this.isReadShut) return
    const taken = this.driver.take()
    if (taken === undefined) return
    if ("_tag" in taken) this.end = taken
    else this.held.push(taken)
  }

  // --- sending

  /** Takes what fits; a copy, since a driver borrows and the caller of send(2) does not lend. */
  send(pieces: ReadonlyArray<Uint8Array>, flags: number): number {
    if (!isSupported(flags)) return failed("EOPNOTSUPP")
    const failure = this.sendFailure()
    if (failure !== 0) return failure
    const room = this.writable()
    if (room === 0) return failed("EAGAIN")
    const bytes = gather(pieces, room)
    if (bytes.length === 0) return 0
    this.driver.put([bytes])
    // A send that the system refused within the call took nothing.
    return this.sendFailure() || bytes.length
  }

  private sendFailure(): number {
    if (this.isWriteShut) return failed("EPIPE")
    const failure = this.driver.failure()
    if (failure === undefined) return 0
    return this.isTold ? failed("EPIPE") : this.tell(failureOf(failure))
  }

  // Once, as SO_ERROR is: then receiving is at its end, and sending a broken pipe.
  private tell(failure: number): number {
    this.isTold = true
    return failure
  }

  /** Bytes that would be taken now. */
  writable(): number {
    return Math.max(0, defaultHighWaterMark - this.driver.pending())
  }

  isWritable(): boolean {
    return this.writable() > 0 || this.isWriteShut || this.driver.failure() !== undefined
  }

  // --- ending

  /** What was here before can still be received, as after shutdown(2). */
  shutRead(): void {
    this.fill(defaultReadAhead)
    this.isReadShut = true
  }

  /** The other end hears of it once all bytes left, which nobody waits for: the kernel would not let wait, either. */
  shutWrite(): void {
    if (this.isWriteShut) return
    this.isWriteShut = true
    Effect.runFork(Effect.ignore(this.driver.endWrite))
  }

  /** Bytes on their way leave first, for as long as `linger`; zero breaks the connection off, as SO_LINGER does. */
  close(linger?: Duration.Duration): void {
    const mode = linger !== undefined && Duration.toMillis(linger) === 0 ? "reset" : "now"
    if (mode === "reset" || this.driver.pending() === 0) {
      Effect.runFork(this.driver.close(mode))
      return
    }
    const lingering = Effect.timeoutOption(this.driver.close("linger"), linger ?? defaultLinger)
    Effect.runFork(Effect.zipRight(lingering, this.driver.close("now")))
  }
}

// The kernel goes on with what close(2) leaves behind; some systems for minutes. A process should be able to end.
const defaultLinger = Duration.seconds(10)

const gather = (pieces: ReadonlyArray<Uint8Array>, room: number): Uint8Array => {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const gathered = new Uint8Array(Math.min(total, room))
  let at = 0
  for (const piece of pieces) {
    if (at === gathered.length) break
    const fitting = piece.subarray(0, gathered.length - at)
    gathered.set(fitting, at)
    at += fitting.length
  }
  return gathered
}

import type { Chunks, Driver } from "@ductworks/core/Connection"
import { Inbox } from "@ductworks/core/Buffers"
import { type ReadError, RemoteDuctClosed, type WriteError } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type * as net from "node:net"
import { whenQuiet } from "./discard.js"
import {
  descriptorOf,
  DuctSocket,
  type Endpoint,
  isTcp,
  plainEndpoint,
  type Recipient,
  type Source,
  takeHandle
} from "./endpoint.js"
import { copyOf } from "./receiveBuffer.js"
import { codeOf, readError, writeError } from "./errno.js"
import { Outflow } from "./outflow.js"

const nothing = new Uint8Array(0)

/** A connected socket of `node:net` as a driver of core's `Connection`. */
export class SocketDriver implements Driver, Recipient {
  /** None while whoever waits takes what comes as it comes, which is most of the time. */
  private inbox: Inbox | undefined
  /** Bytes that came after those in the inbox, in memory that is read into again as soon as this event is over. */
  private lent: Uint8Array = nothing
  /** None before there is something to send. */
  private outlet: Outlet | undefined
  private readonly endpoint: Endpoint
  private wake: (side: "read" | "write") => void = nobody
  isReading = false
  private discarded = 0
  private isShut: "no" | "begun" | "done" = "no"
  /** Lingering until what was sent has left; then, over TCP, discarding what still comes. */
  private phase: "open" | "lingering" | "discarding" | "closed" = "open"

  /** @param source an open handle or descriptor; a plain socket (the slow, documented interface); nothing, to connect */
  constructor(
    source: Source | { readonly plain: net.Socket },
    private readonly readAhead: number
  ) {
    this.endpoint =
      source !== undefined && "plain" in source
        ? plainEndpoint(source.plain, this)
        : new DuctSocket(source, readAhead, this)
  }

  get socket(): net.Socket {
    return this.endpoint.socket
  }

  get fileno(): number | undefined {
    return descriptorOf(this.socket)
  }

  start(wake: (side: "read" | "write") => void): void {
    this.wake = wake
  }

  // --- reading

  receive(bytes: Uint8Array): void {
    if (this.phase === "discarding") {
      this.discarded += bytes.length
      return
    }
    this.lent = bytes
    this.wake("read")
  }

  /** A fiber that the bytes woke has run by now, unless it has a scheduler of its own. */
  keep(): void {
    this.copy()
    if (this.phase !== "discarding") this.isReading = this.inbox?.isFull !== true
  }

  private copy(): void {
    if (this.lent.length > 0) this.holding.push(this.takeLent())
  }

  private get holding(): Inbox {
    return (this.inbox ??= new Inbox(this.readAhead))
  }

  private takeLent(): Uint8Array {
    const { lent } = this
    this.lent = nothing
    return copyOf(lent, lent.length)
  }

  /**
   * What Node calls the end may be a reset: after a short read libuv takes POLLHUP for the end and reads no further
   * (`uv__stream_io`, "Short-circuit iff POLLHUP"), and an error that a send got is not told again to who reads. To send
   * nothing asks the kernel; a send that is under way fails in this very turn of the loop.
   */
  ended(): void {
    const ended = (cause?: unknown) => {
      const why = cause ?? this.failure()
      this.endRead(codeOf(why) === "ECONNRESET" ? readError(why) : new RemoteDuctClosed({}))
    }
    if (this.failure() !== undefined || !isTcp(this.socket)) ended()
    else if (this.pending() > 0) setImmediate(() => ended())
    else this.endpoint.send([nothing], ended)
  }

  broken(cause: unknown): void {
    this.endRead(readError(cause))
    this.sender.fail(writeError(cause))
  }

  closed(): void {
    this.phase = "closed"
  }

  private endRead(reason: ReadError): void {
    this.holding.end(reason)
    this.wake("read")
  }

  take(): Chunks | ReadError | undefined {
    if (this.inbox === undefined) {
      const taken: Chunks | undefined = this.lent.length > 0 ? [this.takeLent()] : undefined
      if (!this.isReading) this.goOnReading()
      return taken
    }
    this.copy()
    const taken = this.inbox.take()
    if (!this.inbox.isEnded) this.inbox = undefined
    this.goOnReading()
    return taken
  }

  takeInto(buffer: Uint8Array): number | ReadError | undefined {
    const { inbox, lent } = this
    if (lent.length === 0 || (inbox !== undefined && inbox.size > 0)) {
      const taken = inbox?.takeInto(buffer)
      this.goOnReading()
      return taken
    }
    const count = Math.min(lent.length, buffer.length)
    buffer.set(count === lent.length ? lent : lent.subarray(0, count))
    this.lent = count === lent.length ? nothing : lent.subarray(count)
    return count
  }

  private goOnReading(): void {
    const { inbox } = this
    const wantsNone = inbox !== undefined && (inbox.isFull || inbox.isEnded)
    if (!this.isReading && !wantsNone && this.phase !== "closed") this.startReading()
  }

  private startReading(): void {
    this.isReading = true
    this.endpoint.startReading()
  }

  // --- writing

  private get sender(): Outlet {
    return (this.outlet ??= new Outlet(this.endpoint, this))
  }

  put(chunks: Chunks): void {
    this.sender.put(chunks)
  }

  isGathering(): boolean {
    return this.outlet !== undefined && this.outlet.isGathering
  }

  pending(): number {
    return this.outlet === undefined ? 0 : this.outlet.pending()
  }

  /** Bytes have left, or never will. */
  progressed(): void {
    this.wake("write")
  }

  failure(): WriteError | undefined {
    return this.outlet?.failure
  }

  get endWrite(): Effect.Effect<void, WriteError> {
    return Effect.async((resume) => {
      const finish = () => resume(this.sender.failure === undefined ? Effect.void : Effect.fail(this.sender.failure))
      this.sender.whenDrained(() => {
        if (this.sender.failure !== undefined || this.isShut !== "no") return finish()
        this.shutdown(finish)
      })
    })
  }

  private shutdown(then: () => void): void {
    this.isShut = "begun"
    this.endpoint.shutdown((error) => {
      this.isShut = "done"
      if (error) this.sender.fail(writeError(error))
      then()
    })
  }

  // --- closing

  close(mode: "linger" | "now" | "reset"): Effect.Effect<void> {
    return Effect.async((resume) => {
      const done = () => resume(Effect.void)
      if (this.phase === "closed") return done()
      this.socket.once("close", done)
      if (mode === "linger") this.linger()
      else if (mode === "reset") this.reset()
      else this.socket.destroy()
      return Effect.sync(() => this.socket.off("close", done))
    })
  }

  // The descriptor is closed when `destroy` returns; on Windows a pipe's is not.
  closeAtOnce(): boolean {
    if (this.phase === "closed") return true
    if (process.platform === "win32" || isTcp(this.socket) || this.pending() > 0) return false
    this.socket.destroy()
    return true
  }

  // A Unix socket is closed without shutdown(2): another process may have inherited it and goes on. Its bytes are in the
  // other end's buffer already. A TCP socket that was closed answers what still comes in with a reset, which undoes what
  // the other end's system has not taken yet: it is shut down, and read away for as long as something may come.
  private linger(): void {
    if (this.phase !== "open") return
    this.phase = "lingering"
    this.sender.whenDrained(() => {
      if (this.phase === "closed") return
      const destroy = () => this.socket.destroy()
      if (this.sender.failure !== undefined || this.inbox?.isEnded === true || !isTcp(this.socket)) {
        destroy()
        return
      }
      this.phase = "discarding"
      if (!this.isReading) this.startReading()
      if (this.isShut === "no") this.shutdown(() => {})
      this.socket.once("end", destroy)
      this.socket.once(
        "close",
        whenQuiet(() => this.discarded, destroy)
      )
    })
  }

  // libuv refuses a reset while a shutdown is on its way, and Node then never says that the socket is closed.
  private reset(): void {
    if (isTcp(this.socket) && this.isShut !== "begun" && !this.socket.destroyed) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }
}

/** What leaves goes to the endpoint. */
class Outlet extends Outflow {
  constructor(
    private readonly endpoint: Endpoint,
    private readonly driver: SocketDriver
  ) {
    super()
  }

  protected transmit(pieces: ReadonlyArray<Uint8Array>): void {
    this.endpoint.send(pieces, (error) => this.sent(error ? writeError(error) : undefined))
  }

  protected progressed(): void {
    this.driver.progressed()
  }
}

const nobody = () => {}

/** The driver of an open socket that nothing was read from yet. The socket object itself is used up. */
export const driverOf = (socket: net.Socket, readAhead: number): SocketDriver => {
  const handle = takeHandle(socket)
  return new SocketDriver(handle === undefined ? { plain: socket } : { handle }, readAhead)
}

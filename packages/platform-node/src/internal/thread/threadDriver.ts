import { Outbox } from "@ductworks/core/Buffers"
import type { Chunks, Driver } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import {
  DuctClosed,
  type ReadError,
  RemoteDuctClosed,
  RemoteDuctReset,
  type WriteError
} from "@ductworks/core/DuctError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { MessagePort } from "node:worker_threads"
import type { Bell } from "./bell.js"
import { type Ring, state } from "./ring.js"

const endOfStream = new RemoteDuctClosed({})
const brokenPipe = new RemoteDuctClosed({ code: "EPIPE" })
const resetByPeer = new RemoteDuctReset({ code: "ECONNRESET" })
const closedHere = Exit.fail(new DuctClosed({ operation: "endWrite" }))

/** What one end has of the shared memory, and the port that tells when the other end's thread is gone. */
export interface Shared {
  readonly incoming: Ring
  readonly outgoing: Ring
  readonly ourBell: Bell
  readonly theirBell: Bell
  readonly port: MessagePort
}

/** One end of a connection between two threads, as a driver of core's `Connection`. */
export class ThreadDriver implements Driver {
  private readonly outbox = new Outbox()
  private wake: (side: "read" | "write") => void = () => {}
  private drained: Array<() => void> = []
  private broken: WriteError | undefined
  private isEnding = false
  private isClosed = false
  /** The other end's port is closed: it says no more. */
  private isGone = false
  /** A spin was for nothing, and this waits for the bell since: a second one would keep the event loop from its turn. */
  private hasSpun = false

  /** @param spinMillis how long to spin at most before it waits for the bell */
  constructor(
    private readonly shared: Shared,
    private readonly spinMillis: number
  ) {}

  readonly start = (wake: (side: "read" | "write") => void): void => {
    this.wake = wake
    const { port } = this.shared
    port.once("close", () => {
      this.isGone = true
      this.onBell()
    })
    port.unref()
  }

  // --- reading

  readonly take = (until?: Deadline.Deadline): Chunks | ReadError | undefined => {
    const taken = this.tryTake()
    if (taken !== undefined) return taken
    if (this.spinMillis > 0 && !this.hasSpun && this.spin(until)) return this.tryTake()
    this.listen()
    // What came before the bell could be heard.
    return this.tryTake()
  }

  private tryTake(): Chunks | ReadError | undefined {
    const { incoming, theirBell } = this.shared
    // The end is looked at first: what was written before it is here then.
    const { end } = incoming
    const size = incoming.size()
    if (size > 0) {
      this.hasSpun = false
      const chunk = incoming.read(size)
      theirBell.ring()
      return [chunk]
    }
    if (end === state.closed) return endOfStream
    return end === state.reset || this.isGone ? resetByPeer : undefined
  }

  /** Waits for at most the time given, without the event loop. */
  private spin(until: Deadline.Deadline | undefined): boolean {
    const { incoming } = this.shared
    const left = until === undefined ? Infinity : Duration.toMillis(Deadline.remaining(until))
    if (left === 0) return false
    const end = process.hrtime.bigint() + BigInt(Math.round(1e6 * Math.min(this.spinMillis, left)))
    do {
      for (let i = 0; i < 64; i++) if (incoming.size() > 0) return true
      if (incoming.end !== state.open) return true
    } while (process.hrtime.bigint() < end)
    this.hasSpun = true
    return false
  }

  // --- writing

  readonly put = (chunks: Chunks): void => {
    if (this.isClosed || this.isRefused()) return
    const { outgoing, theirBell } = this.shared
    const [first] = chunks
    // Nearly always there is room, and then nothing is queued.
    if (chunks.length === 1 && this.outbox.size === 0) {
      const written = outgoing.write(first)
      if (written > 0) theirBell.ring()
      if (written === first.length) return
      this.outbox.push([first.subarray(written)])
    } else this.outbox.push(chunks)
    this.move()
  }

  readonly pending = (): number => this.outbox.size

  failure(): WriteError | undefined {
    // What was handed over has left, whatever became of the other end since: that is for the next bytes to hear.
    if (this.outbox.size > 0) this.isRefused()
    return this.broken
  }

  private isRefused(): boolean {
    if (this.broken === undefined && !this.isClosed) {
      const { deaf } = this.shared.outgoing
      if (deaf === state.closed) this.break(brokenPipe)
      else if (deaf === state.reset || this.isGone) this.break(resetByPeer)
    }
    return this.broken !== undefined
  }

  private break(reason: WriteError): void {
    this.broken = reason
    this.outbox.take()
    this.settle()
  }

  /** Hands over what there is room for; then, if it was asked for, the end. */
  private move(): void {
    let isListening = false
    while (this.outbox.size > 0) {
      if (this.copyOut()) {
        this.shared.theirBell.ring()
        // Who made that room may have rung already, and rings nobody twice.
        isListening = false
      } else if (isListening) return
      else {
        // And then room is looked for that was made before the bell could be heard.
        this.listen()
        isListening = true
      }
    }
    if (this.isEnding) this.end(state.closed)
    this.settle()
  }

  private copyOut(): boolean {
    let isMoved = false
    for (const chunk of this.outbox.take()) {
      const written = this.outbox.size > 0 ? 0 : this.shared.outgoing.write(chunk)
      isMoved ||= written > 0
      if (written < chunk.length) this.outbox.push([chunk.subarray(written)])
    }
    return isMoved
  }

  private end(how: number): void {
    const { outgoing, theirBell } = this.shared
    if (outgoing.end !== state.open) return
    outgoing.end = how
    theirBell.ring()
  }

  readonly endWrite: Effect.Effect<void, WriteError> = Effect.suspend(() => {
    this.isEnding = true
    this.move()
    return Effect.flatMap(this.whenDrained, () =>
      this.isClosed ? closedHere : this.broken === undefined ? Exit.void : Exit.fail(this.broken)
    )
  })

  private readonly whenDrained: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.outbox.size === 0) return resume(Exit.void)
    this.drained.push(() => resume(Exit.void))
  })

  private settle(): void {
    const drained = this.drained
    this.drained = []
    for (const then of drained) then()
  }

  // --- being woken

  /** A thread with nothing else to do stays alive while it waits for the other. */
  private listen(): void {
    if (this.isClosed) return
    this.shared.port.ref()
    this.shared.ourBell.listen(this.onBell)
  }

  private readonly onBell = (): void => {
    if (this.isClosed) return
    this.hasSpun = false
    this.shared.port.unref()
    if (this.failure() === undefined) this.move()
    this.wake("read")
    this.wake("write")
  }

  // --- closing

  readonly close = (mode: "linger" | "now" | "reset"): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.isClosed) return Effect.void
      const { incoming, ourBell, port, theirBell } = this.shared
      if (incoming.deaf === state.open) incoming.deaf = mode === "reset" ? state.reset : state.closed
      theirBell.ring()
      if (mode === "linger") {
        this.isEnding = true
        if (this.failure() === undefined) this.move()
        return this.whenDrained
      }
      this.outbox.take()
      this.end(mode === "reset" ? state.reset : state.closed)
      this.isClosed = true
      this.settle()
      ourBell.force()
      port.close()
      return Effect.void
    })
}

import { Buffers } from "@ductworks/core"
import type { Chunks, Driver } from "@ductworks/core/Connection"
import {
  DuctClosed,
  RemoteDuctClosed,
  RemoteDuctReset,
  type ReadError,
  type WriteError
} from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

// What the kernel answers a write to a socket whose other end is closed, or was reset.
const brokenPipe = new RemoteDuctClosed({ code: "EPIPE" })
const resetByPeer = new RemoteDuctReset({ code: "ECONNRESET" })
const endOfStream = new RemoteDuctClosed({})
const closedHere = Exit.fail(new DuctClosed({ operation: "endWrite" }))

/**
 * One end of a connection in memory. Between two ends stands the receiving end's inbox, of `capacity` bytes, as the
 * kernel's buffer stands between two sockets; what does not fit waits in the sender's outbox. Bytes are copied as they
 * move from one to the other, so the sender may reuse its memory once they have left.
 */
export class MemoryEnd {
  private readonly inbox: Buffers.Inbox
  private readonly outbox = new Buffers.Outbox()
  private wake: (side: "read" | "write") => void = () => {}
  private settled: Array<() => void> = []
  private peer: MemoryEnd = this
  private broken: WriteError | undefined
  /** The end of the stream follows the bytes put. */
  private isEnding = false
  private isClosed = false

  private constructor(private readonly capacity: number) {
    this.inbox = new Buffers.Inbox(capacity)
  }

  /** Bytes are copied into the caller's memory only where that is asked for. */
  driver(isDirect: boolean): Driver {
    const { takeInto, ...driver } = this
    return isDirect ? { ...driver, takeInto } : driver
  }

  static pair(capacity: number): readonly [MemoryEnd, MemoryEnd] {
    const left = new MemoryEnd(capacity)
    const right = new MemoryEnd(capacity)
    left.peer = right
    right.peer = left
    return [left, right]
  }

  readonly start = (wake: (side: "read" | "write") => void): void => {
    this.wake = wake
  }

  readonly take = (): Chunks | ReadError | undefined => {
    const taken = this.inbox.take()
    this.peer.move()
    return taken
  }

  /** As {@link take}, for connections that shall read into the caller's memory. */
  readonly takeInto = (buffer: Uint8Array): number | ReadError | undefined => {
    const taken = this.inbox.takeInto(buffer)
    this.peer.move()
    return taken
  }

  readonly put = (chunks: Chunks): void => {
    if (this.broken !== undefined || this.isClosed) return
    this.outbox.push(chunks)
    this.move()
  }

  readonly pending = (): number => this.outbox.size

  readonly failure = (): WriteError | undefined => this.broken

  readonly endWrite: Effect.Effect<void, WriteError> = Effect.suspend(() => {
    this.isEnding = true
    this.move()
    return Effect.flatMap(this.drained, () =>
      this.isClosed ? closedHere : this.broken === undefined ? Exit.void : Exit.fail(this.broken)
    )
  })

  readonly close = (mode: "linger" | "now" | "reset"): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Nobody reads here any more, so what the other end still wants to send has nowhere to go.
      this.peer.break(mode === "reset" ? resetByPeer : brokenPipe)
      this.inbox.take()
      this.isEnding = true
      if (mode === "linger") {
        this.move()
        return this.drained
      }
      this.outbox.take()
      this.isClosed = true
      this.peer.end(mode === "reset" ? resetByPeer : endOfStream)
      this.settle()
      return Effect.void
    })

  /** From now on the other end cannot send: its writes fail, what waits with it is dropped. What was sent still comes. */
  refuse(reason: WriteError): void {
    this.peer.break(reason)
  }

  /** Hands over as many of the bytes put as the other end has room for, then the end of the stream. */
  private move(): void {
    if (this.outbox.size > 0 && !this.peer.inbox.isFull) {
      this.peer.receive(this.outbox.take(), (rest) => this.outbox.push(rest))
      this.wake("write")
    }
    if (this.outbox.size === 0) {
      if (this.isEnding) this.peer.end(endOfStream)
      this.settle()
    }
  }

  /** Copies what there is room for, as one chunk, and gives the rest back. */
  private receive(chunks: ReadonlyArray<Uint8Array>, giveBack: (rest: Chunks) => void): void {
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const own = new Uint8Array(Math.min(total, this.capacity - this.inbox.size))
    let filled = 0
    for (const chunk of chunks) {
      const room = own.length - filled
      if (chunk.length <= room) {
        own.set(chunk, filled)
        filled += chunk.length
      } else {
        own.set(chunk.subarray(0, room), filled)
        filled += room
        giveBack([chunk.subarray(room)])
      }
    }
    this.inbox.push(own)
    this.wake("read")
  }

  private end(reason: ReadError): void {
    if (this.inbox.isEnded) return
    this.inbox.end(reason)
    this.wake("read")
  }

  private break(reason: WriteError): void {
    if (this.isClosed || this.broken !== undefined) return
    this.broken = reason
    this.outbox.take()
    this.settle()
    this.wake("write")
  }

  /** Completes when nothing waits to leave any more, whether it left or was dropped. */
  private readonly drained: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.outbox.size === 0) return resume(Exit.void)
    this.settled.push(() => resume(Exit.void))
  })

  private settle(): void {
    const settled = this.settled
    this.settled = []
    for (const resume of settled) resume()
  }
}

import { Buffers, DuctError } from "@ductworks/core"
import type { Chunks, Driver } from "@ductworks/core/Connection"
import { Effect, Schema } from "effect"
import type { MessagePort } from "node:worker_threads"

/** What travels between two ports. A port has no back-pressure of its own, so the reader says what it has taken. */
const Parcel = Schema.Union(
  Schema.Struct({ bytes: Schema.Uint8ArrayFromSelf }),
  Schema.Struct({ taken: Schema.Number }),
  Schema.Literal("end", "deaf", "reset")
)
type Parcel = typeof Parcel.Type
const isParcel = Schema.is(Parcel)

const endOfStream = new DuctError.RemoteDuctClosed({})
const brokenPipe = new DuctError.RemoteDuctClosed({ code: "EPIPE" })
const resetByPeer = new DuctError.RemoteDuctReset({ code: "ECONNRESET" })

/**
 * One end of a byte stream over a `MessagePort`. All of it is synchronous: what waits for what is up to
 * `Connection.make`, which asks again whenever it is woken.
 */
export class PortDriver implements Driver {
  private readonly inbox: Buffers.Inbox
  private readonly outbox = new Buffers.Outbox()
  private wake: (side: "read" | "write") => void = () => {}
  private drained: Array<() => void> = []
  private broken: DuctError.WriteError | undefined
  private isEnding = false
  private isEndSent = false
  private isClosed = false
  /** Bytes that the other end still has room for. */
  private credit: number

  constructor(
    private readonly port: MessagePort,
    window: number
  ) {
    this.inbox = new Buffers.Inbox(window)
    this.credit = window
  }

  readonly start = (wake: (side: "read" | "write") => void): void => {
    this.wake = wake
    this.port.on("message", (parcel: unknown) => {
      if (!this.isClosed && isParcel(parcel)) this.receive(parcel)
    })
    // The other port closed: as agreed, after its "end"; or its thread is gone.
    this.port.on("close", () => {
      if (!this.isClosed) this.receive(this.inbox.isEnded ? "deaf" : "reset")
    })
  }

  readonly take = (): ReturnType<Driver["take"]> => {
    const taken = this.inbox.size
    if (taken > 0) this.post({ taken })
    return this.inbox.take()
  }

  readonly put = (chunks: Chunks): void => {
    if (this.broken !== undefined || this.isClosed) return
    this.outbox.push(chunks)
    this.move()
  }

  readonly pending = (): number => this.outbox.size

  readonly failure = (): DuctError.WriteError | undefined => this.broken

  readonly endWrite: Effect.Effect<void, DuctError.WriteError> = Effect.suspend(() => {
    this.isEnding = true
    this.move()
    return Effect.flatMap(this.whenDrained, () => (this.broken === undefined ? Effect.void : Effect.fail(this.broken)))
  })

  readonly close = (mode: "linger" | "now" | "reset"): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.isClosed) return Effect.void
      this.post("deaf")
      this.isEnding = true
      if (mode === "reset") this.post("reset")
      else if (mode === "now") this.outbox.take()
      this.move()
      if (mode === "linger") return this.whenDrained
      this.isClosed = true
      this.outbox.take()
      this.settle()
      this.port.close()
      return Effect.void
    })

  private receive(parcel: Parcel): void {
    if (parcel === "end") this.inbox.end(endOfStream)
    else if (parcel === "deaf") this.break(brokenPipe)
    else if (parcel === "reset") {
      this.inbox.end(resetByPeer)
      this.break(resetByPeer)
    } else if ("bytes" in parcel) this.inbox.push(parcel.bytes)
    else {
      this.credit += parcel.taken
      this.move()
    }
    this.wake("read")
    this.wake("write")
  }

  /** Sends what the other end has room for, then, if it was asked for, the end. */
  private move(): void {
    for (const chunk of this.outbox.take()) {
      const length = Math.min(chunk.length, this.credit)
      this.credit -= length
      const bytes = new Uint8Array(chunk.subarray(0, length)) // a copy: `put` only lends the chunk
      if (length > 0) this.port.postMessage({ bytes }, [bytes.buffer])
      this.outbox.push([chunk.subarray(length)])
    }
    if (this.outbox.size > 0) return
    if (this.isEnding && !this.isEndSent) {
      this.isEndSent = true
      this.post("end")
    }
    this.settle()
  }

  private break(reason: DuctError.WriteError): void {
    this.broken ??= reason
    this.outbox.take()
    this.settle()
  }

  private readonly whenDrained: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.outbox.size === 0) resume(Effect.void)
    else this.drained.push(() => resume(Effect.void))
  })

  private settle(): void {
    const drained = this.drained
    this.drained = []
    for (const resume of drained) resume()
  }

  private post(parcel: Parcel): void {
    this.port.postMessage(parcel)
  }
}

import { Outbox } from "@ductworks/core/Buffers"
import type { Chunks } from "@ductworks/core/Connection"
import type { WriteError } from "@ductworks/core/DuctError"
import { gather } from "./gather.js"

// What is gathered within a turn leaves at once from here on.
const gatherLimit = 64 * 1024

/** What a send came to: nothing when the kernel has it all, else why it never will. */
export type Sent = (failure?: WriteError) => void

/** Hands the pieces to the system; `sent` may be called before this returns. One at a time. */
export type Transmit = (pieces: ReadonlyArray<Uint8Array>, sent: Sent) => void

/**
 * The writing side of a driver. A lone message leaves at once; what follows in the same turn is gathered until the turn
 * ends, and what comes while a send is under way until that is over.
 */
export class Sender {
  private readonly outbox = new Outbox()
  private bytes = 0
  private release: () => void = nothing
  private isSending = false
  private isTurnOpen = false
  private isEndAwaited = false
  private drained: Array<() => void> = []
  private why: WriteError | undefined

  /** @param progressed called when bytes have left, or never will */
  constructor(
    private readonly transmit: Transmit,
    private readonly progressed: () => void
  ) {}

  put(chunks: Chunks): void {
    // An open turn or a send under way is why there may be something in the outbox.
    if (chunks.length === 1 && !this.isSending && !this.isTurnOpen) return this.begin(chunks, chunks[0].length)
    this.outbox.push(chunks)
    if (this.isSending) return
    if (!this.isTurnOpen || this.outbox.size >= gatherLimit) this.send()
  }

  pending(): number {
    return this.outbox.size + this.bytes
  }

  get failure(): WriteError | undefined {
    return this.why
  }

  /** Nothing more will leave. The first reason stays. */
  fail(failure: WriteError): void {
    this.why ??= failure
    this.outbox.take()
    this.settle()
  }

  /** For who does not let the turn end, and waits for what is sent to be answered: what was gathered leaves now. */
  endTurn(): void {
    this.isTurnOpen = false
    if (!this.isSending && this.outbox.size > 0) this.send()
  }

  /** Calls `then` once nothing is pending, or never will be sent; within the call if that is so already. */
  whenDrained(then: () => void): void {
    this.drained.push(then)
    if (!this.isSending && this.outbox.size > 0) this.send()
    else this.settle()
  }

  private send(): void {
    const bytes = this.outbox.size
    const { pieces, release } = gather(this.outbox.take())
    this.release = release
    this.begin(pieces, bytes)
  }

  private begin(pieces: ReadonlyArray<Uint8Array>, bytes: number): void {
    if (!this.isTurnOpen) {
      this.isTurnOpen = true
      if (!this.isEndAwaited) endOfTurn(this.onTurnEnd)
      this.isEndAwaited = true
    }
    this.isSending = true
    this.bytes = bytes
    this.transmit(pieces, this.onSent)
  }

  private readonly onTurnEnd = (): void => {
    this.isEndAwaited = false
    this.endTurn()
  }

  private readonly onSent: Sent = (failure) => {
    this.release()
    this.release = nothing
    this.isSending = false
    this.bytes = 0
    if (failure !== undefined) return this.fail(failure)
    if (this.outbox.size >= gatherLimit || (this.outbox.size > 0 && !this.isTurnOpen)) return this.send()
    this.settle()
  }

  // Tells everyone who waits for bytes to leave, or for them never to.
  private settle(): void {
    this.progressed()
    if (this.drained.length === 0 || (this.pending() > 0 && this.why === undefined)) return
    const drained = this.drained
    this.drained = []
    for (const then of drained) then()
  }
}

const nothing = () => {}

// The microtask after those that are queued: fibers of Effect run in microtasks, all that are due in one. Measured for
// 64-byte messages it sends as many a second as process.nextTick and setImmediate do, and it cannot be put off by
// fibers that keep the microtask queue busy.
const turn = Promise.resolve()
const endOfTurn = (then: () => void): void => void turn.then(then)

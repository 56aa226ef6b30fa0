import { Outbox } from "@ductworks/core/Buffers"
import type { Chunks } from "@ductworks/core/Connection"
import type { WriteError } from "@ductworks/core/DuctError"
import { type Gatherer, turn } from "@ductworks/core/Turn"
import { gather } from "./gather.js"

/**
 * The writing side of a driver. A lone message leaves at once; what follows in the same turn is gathered until the turn
 * ends, and what comes while a send is under way until that is over.
 */
export abstract class Outflow implements Gatherer {
  private outbox: Outbox | undefined
  private bytes = 0
  private release: () => void = nothing
  private isSending = false
  /** The turn in which something left last, after which what follows in it is gathered. */
  private turn = 0
  private drained: Array<() => void> | undefined
  private why: WriteError | undefined

  /** Hands the pieces to the system, and then calls {@link sent}, be it before this returns. One at a time. */
  protected abstract transmit(pieces: ReadonlyArray<Uint8Array>): void

  /** Bytes have left, or never will. */
  protected abstract progressed(): void

  put(chunks: Chunks): void {
    // When a turn ends, somebody who gathered may be told so before this is.
    const isNext = !this.isSending && !this.isTurnOpen && this.waiting === 0
    if (chunks.length === 1 && isNext) return this.begin(chunks, chunks[0].length)
    const outbox = (this.outbox ??= new Outbox())
    const before = outbox.size
    outbox.push(chunks)
    if (this.isSending) return
    if (this.isTurnOpen) turn.gather(this, outbox.size - before)
    else this.send(outbox)
  }

  private get isTurnOpen(): boolean {
    return this.turn === turn.number
  }

  /** Whether what is put now does not leave at once. */
  get isGathering(): boolean {
    return this.isTurnOpen || this.isSending
  }

  pending(): number {
    return this.waiting + this.bytes
  }

  /** Bytes that nothing was done with yet. */
  private get waiting(): number {
    return this.outbox === undefined ? 0 : this.outbox.size
  }

  get failure(): WriteError | undefined {
    return this.why
  }

  /** Nothing more will leave. The first reason stays. */
  fail(failure: WriteError): void {
    this.why ??= failure
    this.outbox?.take()
    this.settle()
  }

  /** For who does not let the turn end, and waits for what is sent to be answered: what was gathered leaves now. */
  endTurn(): void {
    this.turn = 0
    this.leave()
  }

  leave(): void {
    if (!this.isSending) this.sendWaiting()
  }

  /** Calls `then` once nothing is pending, or never will be sent; within the call if that is so already. */
  whenDrained(then: () => void): void {
    const drained = (this.drained ??= [])
    drained.push(then)
    if (this.isSending || !this.sendWaiting()) this.settle()
  }

  /** Whether there was something. */
  private sendWaiting(): boolean {
    const { outbox } = this
    if (outbox === undefined || outbox.size === 0) return false
    this.send(outbox)
    return true
  }

  private send(outbox: Outbox): void {
    const bytes = outbox.size
    const { pieces, release } = gather(outbox.take())
    this.release = release
    this.begin(pieces, bytes)
  }

  private begin(pieces: ReadonlyArray<Uint8Array>, bytes: number): void {
    this.turn = turn.begin()
    this.isSending = true
    this.bytes = bytes
    this.transmit(pieces)
  }

  /** What the last {@link transmit} came to: nothing when the system has it all, else why it never will. */
  protected sent(failure?: WriteError): void {
    this.release()
    this.release = nothing
    this.isSending = false
    this.bytes = 0
    if (failure !== undefined) return this.fail(failure)
    const { waiting } = this
    if (waiting > 0 && !this.isTurnOpen) return void this.sendWaiting()
    if (waiting > 0) turn.gather(this, waiting)
    this.settle()
  }

  // Tells everyone who waits for bytes to leave, or for them never to.
  private settle(): void {
    this.progressed()
    const { drained } = this
    if (drained === undefined || (this.pending() > 0 && this.why === undefined)) return
    this.drained = undefined
    for (const then of drained) then()
  }
}

const nothing = () => {}

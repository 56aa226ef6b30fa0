import { DuctClosed, type ReadError, type WriteError } from "@ductworks/core/DuctError"
import { Outflow, readError, writeError } from "@ductworks/platform-node/SocketKit"
import { type Binding, giveWay } from "../binding.js"
import { fault, isBlocked, wouldBlock } from "../errno.js"
import type { NativeHandle } from "../nativeHandle.js"

// A connection that always finds room, which who spins or gives way may, lets the event loop go round after this many.
const sendsPerTurn = 64

const none: ReadonlyArray<Uint8Array> = []

// One for all: an error and its stack take longer than close(2).
const closed = new DuctClosed({ operation: "send" })

/** Whose writing side it is. */
interface Owner {
  progressed(): void
  /** A send was told why there is no connection any more. */
  lost(why: ReadError): void
}

/** What leaves goes to the socket; what there is no room for waits until there is. */
export class Outlet extends Outflow {
  private pieces = none
  private piece = 0
  private offset = 0
  /** Since the last wait. */
  private sends = 0

  /** @param patience how long a send without room spins, or that it gives way */
  constructor(
    private readonly binding: Binding,
    private readonly polled: NativeHandle,
    private readonly patience: number,
    private readonly owner: Owner
  ) {
    super()
  }

  /** The socket is closed. */
  stop(): void {
    this.pieces = none
    this.fail(closed)
  }

  protected progressed(): void {
    this.owner.progressed()
  }

  protected transmit(pieces: ReadonlyArray<Uint8Array>): void {
    this.pieces = pieces
    this.piece = this.offset = 0
    this.advance()
  }

  /** There is room. */
  ready(): void {
    this.sends = 0
    this.advance()
  }

  private advance(): void {
    const { binding } = this
    const { handle } = this.polled
    for (;;) {
      const piece = this.pieces[this.piece]
      if (piece === undefined) return this.finish()
      const isLast = this.piece === this.pieces.length - 1
      const length = piece.length - this.offset
      const patience = this.sends < sendsPerTurn ? this.patience : 0
      const count = isLast
        ? binding.send(handle, piece, this.offset, length, 0, patience)
        : binding.sendv(handle, this.pieces, this.piece, this.offset, patience === giveWay ? giveWay : 0)
      if (count < 0) return this.pause(count)
      this.sends += 1
      this.skip(count)
      // The system's buffer is full, and says when it is not; who gives way has done so.
      if (isLast && count < length && patience <= 0) return this.pause(wouldBlock)
    }
  }

  private skip(count: number): void {
    let left = this.offset + count
    for (let piece = this.pieces[this.piece]; piece !== undefined && left >= piece.length;) {
      left -= piece.length
      piece = this.pieces[++this.piece]
    }
    this.offset = left
  }

  private pause(result: number): void {
    const failed = isBlocked(result) ? this.polled.watch("write", this) : result
    if (failed >= 0) return
    const cause = fault("send", failed)
    this.owner.lost(readError(cause))
    this.finish(writeError(cause))
  }

  private finish(failure?: WriteError): void {
    this.pieces = none
    this.sent(failure)
  }
}

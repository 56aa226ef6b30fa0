import * as Effect from "effect/Effect"
import type { SocketAddress } from "../../SocketAddress.js"
import { SHUT, SOCK } from "../../SocketConstants.js"
import { SocketClosed, type SocketError } from "../../SocketError.js"
import { badDescriptor, fault, isBlocked, notSupported, wouldWait } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { unsupported } from "../unsupported.js"
import { Carry } from "./carry.js"
import { Emptiness } from "./emptiness.js"
import { Half, type Owner } from "./half.js"
import { Pace } from "./pace.js"
import type { System } from "./system.js"

/** A connection that was accepted. */
export interface Accepted {
  readonly port: Port
  readonly address: SocketAddress
}

/** What the operations of a socket share. */
export class SockState implements Owner {
  readonly reading: Half = new Half(this, "read")
  readonly writing: Half = new Half(this, "write")
  readonly pace: Pace
  readonly emptiness = new Emptiness()
  readonly isStream: boolean
  /** Whether to guess when the system has nothing: of a stream, unless a receive that finds nothing is to spin. */
  readonly guesses: boolean
  isClosed = false
  private isReadShut = false
  private held: Carry | undefined
  private lent: Uint8Array | undefined
  private filled = 0
  private accepted: Array<Accepted> | undefined

  constructor(
    readonly port: Port,
    readonly system: System
  ) {
    this.pace = new Pace(system.maxImmediate)
    this.isStream = port.type === SOCK.STREAM
    this.guesses = this.isStream && !system.isEager
  }

  /** Received, not handed out. */
  get carry(): Carry {
    return (this.held ??= new Carry())
  }

  get carried(): number {
    return this.held === undefined ? 0 : this.held.size
  }

  /** Of the caller's buffer so much is filled, and not handed over. */
  lend(buffer: Uint8Array, filled: number): void {
    this.lent = buffer
    this.filled = filled
  }

  /** How much of the buffer was filled so far by the operation that it was lent to. */
  filledOf(buffer: Uint8Array): number {
    return this.lent === buffer ? this.filled : 0
  }

  /** Ends the loan: a copy of what was filled. */
  takeBack(buffer: Uint8Array): Uint8Array {
    const bytes = buffer.slice(0, this.filledOf(buffer))
    this.lent = undefined
    return bytes
  }

  /** Ends the loan for somebody who will not hear of it: what was filled is the next receive's. */
  keepLent(): void {
    const { filled, lent } = this
    this.lent = undefined
    if (lent !== undefined && filled > 0 && !this.isClosed) this.carry.prepend(lent.subarray(0, filled))
  }

  /** Hands over what was lent, as what is given of how much of the buffer is filled: in one step, see `Half.run`. */
  returnAs<A>(give: (filled: number) => A): Effect.Effect<A> {
    return Effect.sync(() => {
      this.lent = undefined
      this.reading.release()
      return give(this.filled)
    })
  }

  readonly returned: Effect.Effect<number> = this.returnAs((filled) => filled)

  /** Hands over bytes that are carried, so many at most, as what is given of them: in one step, too. */
  handOverAs<A>(count: number, give: (bytes: Uint8Array) => A): Effect.Effect<A> {
    return Effect.sync(() => {
      this.reading.release()
      return give(this.carry.take(count))
    })
  }

  handOver(count: number): Effect.Effect<Uint8Array> {
    return this.handOverAs(count, same)
  }

  woken(direction: Direction): void {
    if (direction === "read") this.emptiness.waited()
  }

  abandoned(direction: Direction): void {
    if (direction === "read") this.keepLent()
  }

  /** Accepted, not handed out. */
  get backlog(): Array<Accepted> {
    return (this.accepted ??= [])
  }

  get hasBacklog(): boolean {
    return this.accepted !== undefined && this.accepted.length > 0
  }

  shutdown(how: number): Effect.Effect<void, SocketError> {
    // What the system was told is noted, also for who is interrupted in between.
    return Effect.uninterruptible(
      Effect.map(this.port.shutdown(how), () => {
        if (how !== SHUT.WR) this.isReadShut = true
      })
    )
  }

  /**
   * What a receive of datagrams met. After a shutdown of reading there are none, which Linux tells to calls that block
   * alone; its poll says that the socket can be read.
   */
  orEnd(count: number): number {
    return this.isReadShut && isBlocked(count) ? 0 : count
  }

  readonly close = Effect.sync(() => {
    if (this.isClosed) return
    this.isClosed = true
    this.held = undefined
    for (const { port } of this.accepted ?? []) port.close()
    this.accepted = undefined
    this.port.close()
    this.reading.close()
    this.writing.close()
  })

  readonly error = (operation: string, result: number, address?: string, sent?: number): SocketError => {
    if (this.isClosed) return new SocketClosed({ operation })
    if (result === notSupported && this.port.native === undefined) return unsupported(operation)
    return fault(operation, result, address, sent)
  }

  /** As {@link error}; the same one every time where the operation would have to wait: that is no news. */
  readonly errorNow = (operation: string, result: number): SocketError =>
    isBlocked(result) && !this.isClosed ? wouldWait(operation) : this.error(operation, result)

  /** One call that never waits. */
  call(operation: string, step: () => number): Effect.Effect<number, SocketError> {
    return Effect.suspend(() => {
      const result = this.isClosed ? badDescriptor : step()
      return result < 0 ? Effect.fail(this.error(operation, result)) : Effect.succeed(result)
    })
  }
}

const same = (bytes: Uint8Array): Uint8Array => bytes

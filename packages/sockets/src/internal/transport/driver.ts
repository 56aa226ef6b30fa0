import type { Chunks, Driver } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { type ReadError, RemoteDuctClosed, type WriteError } from "@ductworks/core/DuctError"
import { wakes } from "@ductworks/core/Wakes"
import { readError, writeError } from "@ductworks/platform-node/SocketKit"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { SHUT } from "../../SocketConstants.js"
import { expectAnswer, giveWay, much } from "../binding.js"
import { fault, isBlocked, notConnected, wouldBlock } from "../errno.js"
import type { NativeHandle } from "../nativeHandle.js"
import { Promptness } from "../promptness.js"
import { Closing } from "./closing.js"
import { landing, little, littleLanding } from "./landing.js"
import { Outlet } from "./outlet.js"
import type { System } from "./system.js"

// A connection that always has something lets the event loop go round after this many reads.
const readsPerTurn = 64

// From so many on that gave little, the next one likely does, too: who sends much begins with a lone message.
const littlesInRow = 8

const noop = () => {}

/** A connected stream socket of the addon as a driver of core's `Connection`. */
export class NativeDriver implements Driver {
  private wake: (side: "read" | "write") => void = noop
  private readEnd: ReadError | undefined
  private loss: ReadError | undefined
  private isArmed = false
  private emptiedIn = 0
  private reads = 0
  /**
   * Whether much came at once that answers nothing, and nothing was put since: then its sender is likely in the midst of it,
   * and a read that finds nothing no news.
   */
  private isFlowing = false
  /** Whether something was put since something came: much that comes then is the answer, and likely all of it. */
  private hasAnswered = false
  /** How many reads in a row gave little, and all that was there; as far as it matters. */
  private littles = 0
  /** Whether nothing was found, and who would wait for more may take again first, when the other end had the core. */
  private givesWay = false

  // What an idle connection has no need of is made when it has.
  private outflow: Outlet | undefined
  private promptness: Promptness | undefined
  private closer: Closing | undefined

  private isShut = false

  constructor(
    private readonly system: System,
    private readonly polled: NativeHandle,
    private readonly isTcp: boolean,
    private readonly readAhead: number
  ) {}

  start(wake: (side: "read" | "write") => void): void {
    this.wake = wake
  }

  // --- reading

  take(until?: Deadline.Deadline): Chunks | ReadError | undefined {
    if (this.isArmed || this.readEnd !== undefined) return this.readEnd
    if (this.isKnownEmpty()) return this.nothing(wouldBlock)
    const place = this.littles < littlesInRow ? landing : littleLanding
    const room = place.room(this.readAhead)
    const count = this.recv(place.memory, place.offset, room, until)
    return count > 0 ? [place.take(count)] : this.nothing(count)
  }

  takeInto(buffer: Uint8Array, until?: Deadline.Deadline): number | ReadError | undefined {
    if (this.isArmed || this.readEnd !== undefined) return this.readEnd
    if (this.isKnownEmpty()) return this.nothing(wouldBlock)
    const count = this.recv(buffer, 0, buffer.length, until)
    return count > 0 ? count : this.nothing(count)
  }

  // A read that gave less than there was room for has emptied the system's buffer (epoll(7), "Do I need to continuously
  // read"). For what is left of this event that is believed: whoever takes on would only be told to wait. Unless something
  // was sent since, which may have been answered.
  private isKnownEmpty(): boolean {
    if (this.givesWay) return false
    if (this.reads >= readsPerTurn) return true
    if (this.emptiedIn === 0 || this.emptiedIn !== wakes.current) return false
    return !this.mayBeAnswered
  }

  private recv(into: Uint8Array, offset: number, length: number, until?: Deadline.Deadline): number {
    const { binding } = this.system
    const patience = this.patienceToRead(until)
    // Nobody answers what has not left, and while this waits, or finds the answer at once, the turn does not end.
    if (patience !== 0) this.outflow?.endTurn()
    const count = binding.recv(this.polled.handle, into, offset, length, 0, patience)
    this.reads += 1
    if (count >= little) this.littles = 0
    else if (count > 0 && count < length) this.littles = Math.min(this.littles + 1, littlesInRow)
    if (count > 0) this.came(count)
    else if (this.givesWay) this.isFlowing = false
    this.givesWay = false
    this.emptiedIn = count > 0 && count < length && this.system.spin === 0 ? wakes.current : 0
    // The other end had its turn: what is sent now leaves at once, too.
    if (this.promptness?.learn(count > 0) === true) this.outflow?.endTurn()
    return count
  }

  private came(count: number): void {
    if (count >= much) this.isFlowing = !this.hasAnswered
    this.hasAnswered = false
  }

  private get mayBeAnswered(): boolean {
    return this.promptness !== undefined && this.promptness.isLikely
  }

  /** Who does not wait, does not let others go first either. */
  private patienceToRead(until: Deadline.Deadline | undefined): number {
    const { patience } = this
    if (this.givesWay) return giveWay
    if (patience > 0) return until === undefined ? patience : atMost(patience, until)
    // In the midst of much, what is here is taken first.
    const mayGive = patience === giveWay && this.mayBeAnswered && !this.isFlowing
    return mayGive && (until === undefined || !Deadline.isOver(until)) ? expectAnswer : 0
  }

  isWorthAnother(): boolean {
    if (!this.givesWay || !this.isArmed) return false
    this.isArmed = false
    // Nobody waits yet, so nothing keeps the process alive.
    this.polled.watch("read", undefined)
    return true
  }

  /** In the midst of much. The other end of a TCP connection is mostly on another machine. */
  private get patience(): number {
    const { spin } = this.system
    return spin === 0 && !this.isTcp ? giveWay : spin
  }

  private nothing(result: number): ReadError | undefined {
    if (isBlocked(result)) {
      this.givesWay = this.isFlowing && this.patience === giveWay && this.reads < readsPerTurn
      return this.await()
    }
    return (this.readEnd = result === 0 ? (this.loss ?? new RemoteDuctClosed({})) : readError(fault("recv", result)))
  }

  hasEnded(): boolean {
    return this.readEnd !== undefined
  }

  /** Until the system says that there is something, nothing is asked of it. */
  private await(): ReadError | undefined {
    if (this.system.spin > 0 && this.reads >= readsPerTurn) return this.goRound()
    const result = this.polled.watch("read", this)
    if (result < 0) return (this.readEnd = readError(fault("recv", result)))
    this.isArmed = true
    return undefined
  }

  /** The event loop has its turn, and this goes on after it: who spins does so in order not to sleep. */
  private goRound(): undefined {
    this.isArmed = true
    setImmediate(() => this.ready())
  }

  /** There is something to read, or may be. */
  ready(): void {
    this.isArmed = false
    this.promptness?.waited()
    this.reads = 0
    this.emptiedIn = 0
    this.givesWay = false
    this.wake("read")
  }

  // --- writing

  get sender(): Outlet {
    return (this.outflow ??= new Outlet(this.system.binding, this.polled, this.patience, this))
  }

  put(chunks: Chunks): void {
    this.hasAnswered = true
    this.isFlowing = false
    this.sender.put(chunks)
    ;(this.promptness ??= new Promptness()).asked()
  }

  /** Bytes have left, or never will. */
  progressed(): void {
    this.wake("write")
  }

  /** The system tells of a reset once (SO_ERROR): a read that comes after a send was told would see a clean end. */
  lost(why: ReadError): void {
    if (why._tag === "RemoteDuctReset") this.loss = why
  }

  // While this spins, what was put leaves with the next receive, which is before the turn ends.
  isGathering(): boolean {
    return this.system.spin === 0 && this.outflow !== undefined && this.outflow.isGathering
  }

  pending(): number {
    return this.outflow === undefined ? 0 : this.outflow.pending()
  }

  failure(): WriteError | undefined {
    return this.outflow?.failure
  }

  get endWrite(): Effect.Effect<void, WriteError> {
    return Effect.async((resume) => {
      this.sender.whenDrained(() => {
        this.shutdown()
        const failure = this.failure()
        resume(failure === undefined ? Exit.void : Exit.fail(failure))
      })
    })
  }

  shutdown(): void {
    if (this.isShut || this.closer?.isOver === true || this.failure() !== undefined) return
    this.isShut = true
    const result = this.system.binding.shutdown(this.polled.handle, SHUT.WR)
    if (result < 0 && result !== notConnected) this.sender.fail(writeError(fault("shutdown", result)))
  }

  // --- closing

  private get closing(): Closing {
    return (this.closer ??= new Closing(this.system, this.polled, this.isTcp, this))
  }

  close(mode: "linger" | "now" | "reset"): Effect.Effect<void> {
    return this.closing.close(mode)
  }

  closeAtOnce(): boolean {
    return this.closing.atOnce()
  }
}

const atMost = (micros: number, until: Deadline.Deadline): number =>
  Math.min(micros, Math.ceil(1000 * Duration.toMillis(Deadline.remaining(until))))

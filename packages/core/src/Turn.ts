/**
 * The turn of a thread's event loop, at the end of which that leaves which was gathered in it.
 *
 * @since 0.1.0
 */
import { globalValue } from "effect/GlobalValue"
import { wakes } from "./Wakes.js"

/**
 * Who has gathered bytes that are to leave when the turn ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gatherer {
  /** Hands on what was gathered, unless something is under way that will. Does not throw. */
  readonly leave: () => void
}

/**
 * 64 KiB: what is gathered within a turn leaves at once from here on, whoever gathered it.
 *
 * @since 0.1.0
 * @category constants
 */
export const limit: number = 64 * 1024

/**
 * From the first send on to the end of the event, or of the microtasks, that it came in. What a thousand ducts gather in
 * it is bounded as what one does, so that it leaves before it is out of the caches.
 *
 * @since 0.1.0
 * @category models
 */
export class Turn {
  /** Of the turn that is, or of the next. */
  number = 1
  private isEndAwaited = false
  private gatherers: Array<Gatherer> = none
  private gathered = 0

  /** There is one from now on. Its number. */
  begin(): number {
    if (!this.isEndAwaited) wakes.atEnd(this.end)
    this.isEndAwaited = true
    return this.number
  }

  /** So many bytes more are to leave when the turn that has begun ends. */
  gather(gatherer: Gatherer, bytes: number): void {
    this.add(gatherer, bytes)
    if (this.gathered >= limit) this.send()
  }

  /** About so many bytes are to be gathered next: where there is no room for them, what was gathered before leaves. */
  expect(gatherer: Gatherer, bytes: number): void {
    this.begin()
    if (this.gathered + bytes > limit) this.send()
    this.add(gatherer, bytes)
  }

  private add(gatherer: Gatherer, bytes: number): void {
    if (this.gatherers === none) this.gatherers = [gatherer]
    else if (this.gatherers.at(-1) !== gatherer) this.gatherers.push(gatherer)
    this.gathered += bytes
  }

  private readonly end = (): void => {
    this.isEndAwaited = false
    this.number += 1
    this.send()
  }

  private send(): void {
    const { gatherers } = this
    this.gatherers = none
    this.gathered = 0
    for (const gatherer of gatherers) gatherer.leave()
  }
}

const none: Array<Gatherer> = []

/**
 * The turn of this thread.
 *
 * @since 0.1.0
 * @category turn
 */
export const turn: Turn = globalValue(Symbol.for("@ductworks/core/turn"), () => new Turn())

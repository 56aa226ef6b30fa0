import { wakes } from "@ductworks/core/Wakes"

// What is gathered within a turn leaves at once from here on, whoever gathered it.
const gatherLimit = 64 * 1024

/** Who has gathered bytes that are to leave when the turn ends. */
export interface Gatherer {
  /** Hands on what was gathered, unless something is under way that will. */
  readonly leave: () => void
}

/**
 * The turn of a thread: from the first send on to the end of the event, or of the microtasks, that it came in. What a
 * thousand ducts gather in it is bounded as what one does, so that it leaves before it is out of the caches.
 */
class Turn {
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
    if (this.gatherers === none) this.gatherers = [gatherer]
    else if (this.gatherers.at(-1) !== gatherer) this.gatherers.push(gatherer)
    this.gathered += bytes
    if (this.gathered >= gatherLimit) this.send()
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

export const turn = new Turn()

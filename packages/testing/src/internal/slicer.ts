import * as Effect from "effect/Effect"
import type { Faults, Valve } from "../FaultyTransport.js"
import { Random } from "./pattern.js"

/** Cuts the bytes of one direction into slices that end where a fault is due. */
export class Slicer {
  private waiting: Array<Uint8Array> = []
  private moved = 0
  private isThawed = false
  private readonly random: Random | undefined

  constructor(
    private readonly faults: Faults,
    private readonly valve: Valve | undefined
  ) {
    this.random = typeof faults.slice === "object" ? new Random(faults.slice.seed) : undefined
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }

  push(chunks: ReadonlyArray<Uint8Array>): void {
    this.waiting.push(...chunks)
  }

  /** The next slice, which counts as moved. Not when empty, or when a fault is due. */
  next(): Uint8Array {
    const first = this.waiting[0] ?? new Uint8Array(0)
    // A number that is none makes this none, and the line would go round for ever.
    const length = Math.min(first.length, this.largest(), this.untilFault()) || first.length
    this.moved += length
    if (length === first.length) this.waiting.shift()
    else this.waiting[0] = first.subarray(length)
    return first.subarray(0, length)
  }

  /** What is due now. */
  fate(): "cut" | "reset" | "frozen" | "moving" {
    const { cutAfter, freezeAfter, resetAfter } = this.faults
    if (cutAfter !== undefined && this.moved >= cutAfter) return "cut"
    if (resetAfter !== undefined && this.moved >= resetAfter) return "reset"
    return freezeAfter !== undefined && this.moved >= freezeAfter && !this.isThawed ? "frozen" : "moving"
  }

  /** Waits until a frozen line moves again. */
  readonly thawed: Effect.Effect<void> = Effect.suspend(() =>
    this.valve === undefined
      ? Effect.never
      : Effect.map(this.valve.thawed, () => {
          this.isThawed = true
        })
  )

  /** Waits for the time that a slice takes. */
  readonly passage: Effect.Effect<void> = Effect.suspend(() =>
    Effect.zipRight(
      this.faults.delay === undefined ? Effect.void : Effect.sleep(this.faults.delay),
      this.valve === undefined ? Effect.void : this.valve.opened
    )
  )

  private largest(): number {
    const { slice } = this.faults
    if (slice === undefined) return Number.POSITIVE_INFINITY
    return Math.max(1, typeof slice === "number" ? slice : (this.random?.size(slice.upTo) ?? 1))
  }

  private untilFault(): number {
    const { cutAfter, freezeAfter, resetAfter } = this.faults
    const due = [cutAfter, resetAfter, this.isThawed ? undefined : freezeAfter]
    return Math.min(...due.map((at) => (at === undefined ? Number.POSITIVE_INFINITY : at - this.moved)))
  }
}

import { Schema } from "effect"

/** What one round of a contender came to. */
export const Figure = Schema.Struct({
  /** In the unit of the case. */
  value: Schema.Number,
  /** Of round trips, in nanoseconds: the middle one, and the one that 1 in 100 exceeds. */
  p50: Schema.optional(Schema.Number),
  p99: Schema.optional(Schema.Number),
  /** The part of what was sent that never arrived. */
  lost: Schema.optional(Schema.Number)
})

export type Figure = typeof Figure.Type

/** The times of one round's trips. */
export class Laps {
  private readonly start = process.hrtime.bigint()
  private readonly trips: Float64Array
  private last = performance.now()
  private at = 0

  constructor(count: number) {
    this.trips = new Float64Array(count)
  }

  /** One trip is done; whether it was the last. */
  lap(): boolean {
    const now = performance.now()
    this.trips[this.at++] = (now - this.last) * 1e6
    this.last = now
    return this.at === this.trips.length
  }

  figure(): Figure {
    const total = Number(process.hrtime.bigint() - this.start)
    const sorted = this.trips.sort()
    return { value: total / this.at, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
  }
}

export const median = (figures: ReadonlyArray<number>): number => {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN

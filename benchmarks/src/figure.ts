/** What one round of a contender came to. What it is decoded with is apart: contenders without Effect do not load it. */
export interface Figure {
  /** In the unit of the case. */
  readonly value: number
  /** Of round trips, in nanoseconds: the middle one, and the one that 1 in 100 exceeds. */
  readonly p50?: number
  readonly p99?: number
  /** The part of what was sent that never arrived. */
  readonly lost?: number
}

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

/** The figure that is at this part of the way through; they are sorted. */
export const quantile = (sorted: ArrayLike<number>, part: number): number =>
  sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN

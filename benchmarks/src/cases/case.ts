import type { Placement } from "../placement.js"

/** What is wanted of one contender. A ratio is to the baseline, a figure in the unit of the case. */
export interface Target {
  readonly contender: string
  /** Where; default: everywhere. */
  readonly on?: Placement
  readonly what: "ratio" | "figure"
  readonly bound: "at most" | "at least"
  readonly limit: number
}

export interface Case {
  readonly group: "ducts" | "sockets" | "primitives"
  readonly title: string
  /** Less of a `ns` is better, more of what is per second. */
  readonly unit: "ns a message" | "ns each" | "MiB a second" | "packets a second" | "bytes taken"
  /** Work in one round of each contender. */
  readonly count: number
  readonly placements: ReadonlyArray<Placement>
  /** Default: as many as the run has. */
  readonly rounds?: number
  /** The contender that the ratios are to. */
  readonly baseline: string
  readonly contenders: ReadonlyArray<string>
  readonly targets: ReadonlyArray<Target>
}

export const everywhere: ReadonlyArray<Placement> = ["one core", "two cores"]

export const ratioAtMost = (contender: string, limit: number, on?: Placement): Target => ({
  contender,
  ...(on === undefined ? {} : { on }),
  what: "ratio",
  bound: "at most",
  limit
})

export const ratioAtLeast = (contender: string, limit: number, on?: Placement): Target => ({
  ...ratioAtMost(contender, limit, on),
  bound: "at least"
})

export const figureAtMost = (contender: string, limit: number): Target => ({
  contender,
  what: "figure",
  bound: "at most",
  limit
})

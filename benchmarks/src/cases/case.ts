import type { Placement } from "../placement.js"

/** What is wanted of the best of some contenders. */
export interface Target {
  readonly contenders: ReadonlyArray<string>
  /** What it is compared with. Default: the baseline of the case. */
  readonly to?: string
  /** Where; default: everywhere. */
  readonly on?: Placement
  /**
   * `ratio`: its figure to the other's. `speed`: how many times as fast as the other, whatever the unit. `tail`: its p99 ÷
   * p50 to the other's. `figure`: its own figure, in the unit of the case.
   */
  readonly what: "ratio" | "speed" | "tail" | "figure"
  readonly bound: "at most" | "at least"
  readonly limit: number
}

/** Less of a `ns` and of bytes is better, more of what is per second. */
export type Unit =
  | "ns a message"
  | "ns each"
  | "MiB a second"
  | "packets a second"
  | "bytes taken"
  | "bytes each"
  | "bytes a message"
  | "last to first"

export interface Case {
  /** What `--only` names, beside a part of the title. */
  readonly group: string
  readonly title: string
  readonly unit: Unit
  /** Work in one round of each contender, at most: a round ends sooner where that takes long. */
  readonly count: number
  readonly placements: ReadonlyArray<Placement>
  /** For what cannot be repeated, or takes all of `count`: so many rounds of exactly that. Default: as the run has it. */
  readonly rounds?: number
  /** The contender that the ratios are to. */
  readonly baseline: string
  readonly contenders: ReadonlyArray<string>
  /** Those that only a whole run has. */
  readonly further?: ReadonlyArray<string>
  /** The count of a quick run; 0: it leaves the case out. Default: `count`. */
  readonly quickCount?: number
  readonly targets: ReadonlyArray<Target>
}

export const everywhere: ReadonlyArray<Placement> = ["one core", "two cores"]

export const isRate = (unit: string): boolean => unit.endsWith("a second")

/** One contender, or the best of several. */
type Ours = string | ReadonlyArray<string>

const target = (what: Target["what"], bound: Target["bound"], ours: Ours, limit: number, on?: Placement): Target => ({
  contenders: typeof ours === "string" ? [ours] : ours,
  ...(on === undefined ? {} : { on }),
  what,
  bound,
  limit
})

export const ratioAtMost = (ours: Ours, limit: number, on?: Placement): Target =>
  target("ratio", "at most", ours, limit, on)

export const ratioAtLeast = (ours: Ours, limit: number, on?: Placement): Target =>
  target("ratio", "at least", ours, limit, on)

export const speedAtLeast = (ours: Ours, limit: number, on?: Placement): Target =>
  target("speed", "at least", ours, limit, on)

export const tailAtMost = (ours: Ours, limit: number, on?: Placement): Target =>
  target("tail", "at most", ours, limit, on)

export const figureAtMost = (ours: Ours, limit: number): Target => target("figure", "at most", ours, limit)

/** The same of others than the baseline, one target each. */
export const against = (others: ReadonlyArray<string>, wanted: Target): ReadonlyArray<Target> =>
  others.map((to) => ({ ...wanted, to }))

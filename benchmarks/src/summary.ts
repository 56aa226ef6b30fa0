import type { Target } from "./cases/case.js"
import { median, type Figure } from "./figure.js"
import type { Placement } from "./placement.js"
import type { Outcome } from "./run.js"

/** What a contender's rounds come to. */
export interface Row {
  readonly contender: string
  /** To the baseline: the median of the ratios of rounds that followed one another, so that a slow minute harms neither. */
  readonly ratio: number
  readonly median: number
  readonly least: number
  readonly most: number
  /** Of the middle round trips: what the ratio would be if nothing else ran on the machine, and nothing was collected. */
  readonly middleRatio?: number
  readonly p50?: number
  readonly p99?: number
  readonly lost?: number
}

export interface Verdict {
  readonly title: string
  readonly placement: Placement
  readonly target: Target
  readonly baseline: string
  readonly actual: number
  readonly isMet: boolean
}

export const rowsOf = ({ work, figures }: Outcome): ReadonlyArray<Row> => {
  const base = figures.get(work.baseline) ?? []
  return Array.from(figures, ([contender, all]) => {
    const values = all.map(({ value }) => value)
    const middles = all.flatMap(({ p50 }, round) => (p50 === undefined ? [] : p50 / (base[round]?.p50 ?? Number.NaN)))
    return {
      contender,
      ratio: median(values.map((value, round) => value / (base[round]?.value ?? Number.NaN))),
      ...(middles.length === 0 ? {} : { middleRatio: median(middles) }),
      median: median(values),
      least: Math.min(...values),
      most: Math.max(...values),
      ...middleOf(all, "p50"),
      ...middleOf(all, "p99"),
      ...middleOf(all, "lost")
    }
  })
}

/** The targets of a case that apply where it ran, of contenders that ran. */
export const verdictsOf = (outcome: Outcome): ReadonlyArray<Verdict> => {
  const { work, placement } = outcome
  const rows = rowsOf(outcome)
  return work.targets.flatMap((target) => {
    const row = rows.find(({ contender }) => contender === target.contender)
    if (row === undefined || (target.on ?? placement) !== placement) return []
    const actual = target.what === "ratio" ? row.ratio : row.median
    const isMet = target.bound === "at most" ? actual <= target.limit : actual >= target.limit
    return [{ title: work.title, placement, target, baseline: work.baseline, actual, isMet }]
  })
}

const middleOf = (figures: ReadonlyArray<Figure>, key: "p50" | "p99" | "lost") => {
  const values = figures.flatMap((figure) => figure[key] ?? [])
  return values.length === 0 ? {} : { [key]: median(values) }
}

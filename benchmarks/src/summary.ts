import { isRate, type Target } from "./cases/case.js"
import { median, type Figure } from "./figure.js"
import { Result, Row, Verdict } from "./results.js"
import type { Outcome } from "./run.js"

/** What is kept of the rounds of a case. */
export const resultOf = (outcome: Outcome): Result => {
  const { work, placement, figures } = outcome
  const { group, title, unit, baseline } = work
  const rows = Array.from(figures, ([contender, all]) => rowOf(contender, all, figures.get(baseline) ?? []))
  const targets = work.targets.flatMap((target) => verdictOf(outcome, target))
  return new Result({ group, title, placement, unit, baseline, rows, targets })
}

const rowOf = (contender: string, all: ReadonlyArray<Figure>, base: ReadonlyArray<Figure>): Row => {
  const values = all.map(({ value }) => value)
  const middles = all.flatMap(({ p50 }, round) => (p50 === undefined ? [] : p50 / (base[round]?.p50 ?? Number.NaN)))
  return new Row({
    contender,
    ratio: digits(median(ratios(all, base))),
    median: digits(median(values)),
    least: digits(Math.min(...values)),
    most: digits(Math.max(...values)),
    ...(middles.length === 0 ? {} : { middleRatio: digits(median(middles)) }),
    ...middleOf(all, "p50"),
    ...middleOf(all, "p99"),
    ...middleOf(all, "lost")
  })
}

/** None where the target is for another placement, or nobody ran that it is about. */
const verdictOf = ({ work, placement, figures }: Outcome, target: Target): ReadonlyArray<Verdict> => {
  if ((target.on ?? placement) !== placement) return []
  const to = target.to ?? work.baseline
  const wantsLess = target.bound === "at most"
  const reached = target.contenders
    .map((contender) => ({
      contender,
      actual: actualOf(target, !isRate(work.unit), figures.get(contender) ?? [], figures.get(to) ?? [])
    }))
    .filter(({ actual }) => !Number.isNaN(actual))
    .sort((a, b) => (wantsLess ? a.actual - b.actual : b.actual - a.actual))
  const [best] = reached
  if (best === undefined) return []
  const { what, bound, limit } = target
  return [
    new Verdict({
      contender: best.contender,
      ...(what === "figure" ? {} : { to }),
      what,
      bound,
      limit: digits(limit),
      actual: digits(best.actual),
      isMet: wantsLess ? best.actual <= limit : best.actual >= limit
    })
  ]
}

const actualOf = (
  { what }: Target,
  isTime: boolean,
  ours: ReadonlyArray<Figure>,
  theirs: ReadonlyArray<Figure>
): number => {
  if (what === "figure") return median(ours.map(({ value }) => value))
  if (what === "tail") return median(tails(ours)) / median(tails(theirs))
  const ratio = median(ratios(ours, theirs))
  return what === "speed" && isTime ? 1 / ratio : ratio
}

/** Of rounds that followed one another. */
const ratios = (ours: ReadonlyArray<Figure>, theirs: ReadonlyArray<Figure>): ReadonlyArray<number> =>
  ours.map(({ value }, round) => value / (theirs[round]?.value ?? Number.NaN))

const tails = (figures: ReadonlyArray<Figure>): ReadonlyArray<number> =>
  figures.flatMap(({ p50, p99 }) => (p50 === undefined || p99 === undefined ? [] : p99 / p50))

const middleOf = (figures: ReadonlyArray<Figure>, key: "p50" | "p99" | "lost") => {
  const values = figures.flatMap((figure) => figure[key] ?? [])
  return values.length === 0 ? {} : { [key]: digits(median(values)) }
}

/** Four digits: more would claim more than was measured. */
const digits = (figure: number): number => Number(figure.toPrecision(4))

import { cpus } from "node:os"
import type { Target } from "./cases/case.js"
import type { LeftOut, Outcome } from "./run.js"
import { rowsOf, verdictsOf, type Row, type Verdict } from "./summary.js"

export const machine = () => {
  const all = cpus()
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processors: all.length,
    model: all[0]?.model ?? "unknown processor"
  }
}

export const printCase = (outcome: Outcome): void => {
  const { work, placement } = outcome
  console.log(`\n${work.title}, ${placement} (${work.unit})`)
  console.table(Object.fromEntries(rowsOf(outcome).map((row) => [row.contender, columns(row, work.baseline)])))
}

export const printVerdicts = (verdicts: ReadonlyArray<Verdict>): void => {
  if (verdicts.length > 0) console.log("\nTargets")
  for (const { title, placement, target, baseline, actual, isMet } of verdicts) {
    const wanted = `${target.bound} ${wantedOf(target, baseline)}`
    console.log(
      `${isMet ? "met    " : "NOT MET"} ${round(actual)}: ${target.contender}, ${wanted} (${title}, ${placement})`
    )
  }
}

export const printLeftOut = (leftOut: ReadonlyArray<LeftOut>): void => {
  for (const { contender, why } of leftOut) console.log(`left out: ${contender}: ${why}`)
}

export const asJson = (outcomes: ReadonlyArray<Outcome>, leftOut: ReadonlyArray<LeftOut>): string =>
  JSON.stringify(
    {
      machine: machine(),
      cases: outcomes.map((outcome) => ({
        title: outcome.work.title,
        placement: outcome.placement,
        unit: outcome.work.unit,
        baseline: outcome.work.baseline,
        rows: rowsOf(outcome)
      })),
      targets: outcomes.flatMap(verdictsOf),
      leftOut
    },
    null,
    2
  )

const columns = ({ ratio, middleRatio, median, least, most, p50, p99, lost }: Row, baseline: string) => ({
  [`ratio to ${baseline}`]: round(ratio),
  median: round(median),
  least: round(least),
  most: round(most),
  ...(middleRatio === undefined ? {} : { "p50 ratio": round(middleRatio) }),
  ...(p50 === undefined ? {} : { p50: round(p50) }),
  ...(p99 === undefined ? {} : { p99: round(p99) }),
  ...(lost === undefined ? {} : { lost: `${round(100 * lost)} %` })
})

const wantedOf = ({ what, limit }: Target, baseline: string): string =>
  what === "ratio" ? `${round(limit)} × ${baseline}` : String(limit)

/** Three digits of what is small, whole numbers of what is not. */
const round = (figure: number): number => (figure < 100 ? Number(figure.toPrecision(3)) : Math.round(figure))

// Ours and the others in turn, in one run: medians of alternating rounds, and ratios to a stated baseline.
//
//   npm run bench [-- --quick] [--only <part of a title>]
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import { cases, type Case } from "./cases.js"
import { canPin, Measurer, median } from "./runner.js"

const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } })
const rounds = values.quick === true ? 5 : 15
const warmUps = values.quick === true ? 2 : 5

/** The figures of all rounds, by contender. */
const measure = async (work: Case, pinned: boolean): Promise<Map<string, Array<number>>> => {
  const measurers = new Map<string, Measurer>()
  const figures = new Map<string, Array<number>>()
  try {
    for (const name of new Set([work.baseline, ...work.contenders])) {
      measurers.set(name, await Measurer.start(name, pinned))
      figures.set(name, [])
    }
    // A stalled reader stalls for good: one round tells all.
    const repeats = work.unit === "bytes taken" ? { first: 0, end: 1 } : { first: -warmUps, end: rounds }
    for (let round = repeats.first; round < repeats.end; round++) {
      for (const [name, measurer] of measurers) {
        const figure = await measurer.round(work.count)
        if (round >= 0) figures.get(name)?.push(figure)
      }
    }
  } finally {
    for (const measurer of measurers.values()) measurer.stop()
  }
  return figures
}

const report = (work: Case, pinned: boolean, figures: Map<string, Array<number>>): void => {
  const baseline = median(figures.get(work.baseline) ?? [])
  const [ours = work.baseline] = work.contenders
  const figure = median(figures.get(ours) ?? [])
  const isMet = work.isMet(figure, figure / baseline)
  console.log(`\n${work.title}, ${pinned ? "both processes on one core" : "two cores"} (${work.unit})`)
  console.table(
    Object.fromEntries(
      Array.from(figures, ([name, all]) => {
        const middle = median(all)
        return [
          name,
          {
            median: Math.round(middle),
            fastest: Math.round(Math.min(...all)),
            slowest: Math.round(Math.max(...all)),
            [`ratio to ${work.baseline}`]: Number((middle / baseline).toFixed(3))
          }
        ]
      })
    )
  )
  console.log(`${ours}: ${work.target}: ${isMet ? "met" : "NOT MET"}`)
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}; ${rounds} rounds`)
for (const work of cases.filter(({ title }) => title.includes(values.only ?? ""))) {
  for (const pinned of canPin && work.unit !== "bytes taken" ? [true, false] : [false]) {
    report(work, pinned, await measure(work, pinned))
  }
}

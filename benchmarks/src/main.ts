// Ours and the others in turn, in one run: medians of alternating rounds, and ratios to a stated baseline. A case's
// figures are worth reading when nothing else runs; the ratios stand some noise.
import { join } from "node:path"
import type { Case } from "./cases/case.js"
import { cases } from "./cases/index.js"
import { compile } from "./compile.js"
import { machine } from "./machine.js"
import { parseOptions, usage } from "./options.js"
import { writePages, writePlots } from "./pages/pages.js"
import { describe, printCase, printLeftOut, printTargets } from "./report.js"
import { encodeRun, LeftOut, Run } from "./results.js"
import { quick, run, thorough } from "./run.js"
import { load, reference, replace, resultsFolder, store } from "./store.js"
import { resultOf } from "./summary.js"

const groups = [...new Set(cases.map(({ group }) => group))]
const titles = cases.map(({ title }) => title)
const options = parseOptions(process.argv.slice(2), groups, titles)
if (typeof options === "string") {
  console.error(`${options}\n\n${usage}`)
  process.exit(2)
}
const { only, save } = options
if (options.pages) {
  await writePages(load(reference))
  process.exit()
}
const effort = options.quick ? quick : thorough
const prints = !options.json

const isWanted = ({ group, title, quickCount }: Case): boolean => {
  if (only === undefined) return !(effort.isQuick && quickCount === 0)
  if (groups.includes(only)) return group === only
  return titles.includes(only) ? title === only : title.includes(only)
}

const empty = new Run({
  machine: machine(),
  date: new Date().toISOString().slice(0, 10),
  rounds: effort.rounds,
  cases: [],
  leftOut: []
})
/** The run of that name, if it can be continued: figures of two machines are not to be compared. */
function continued(name: string): Run {
  const before = load(name)
  if (describe(before.machine) === describe(empty.machine) && before.rounds === effort.rounds) return before
  console.error(`benchmarks/results/${name}.json is of ${describe(before.machine)}, ${before.rounds} rounds`)
  process.exit(2)
}

if (prints) console.log(`${describe(empty.machine)}; ${effort.rounds} rounds`)

compile()
let measured = empty
let kept = save !== undefined && only !== undefined ? continued(save) : empty
for (const work of cases.filter(isWanted)) {
  const leftOut: Array<LeftOut> = []
  const isLate = performance.now() > 1000 * effort.seconds
  if (isLate) leftOut.push(new LeftOut({ title: work.title, contender: work.title, why: "the time was up" }))
  const outcomes = isLate ? [] : await run(work, effort, (one) => leftOut.push(one))
  const results = outcomes.map(resultOf)
  const add = (to: Run) => {
    const after = replace(to, results)
    return new Run({ ...after, leftOut: [...after.leftOut, ...leftOut] })
  }
  measured = add(measured)
  kept = add(kept)
  if (save !== undefined) store(save, kept)
  if (prints) results.forEach(printCase)
}
if (prints) {
  printTargets(measured.cases)
  printLeftOut(measured.leftOut)
} else console.log(encodeRun(measured))
if (save === reference) await writePages(kept)
else if (save !== undefined) await writePlots(kept, join(resultsFolder, save))

// Ours and the others in turn, in one run: medians of alternating rounds, and ratios to a stated baseline.
//
//   npm run bench [-- --quick] [--only <part of a title, or a group: ducts, sockets, primitives>] [--json]
//
// --quick takes fewer and shorter rounds, ends within a minute on a quiet machine, and leaves the primitives out unless
// --only asks for them. A case's figures are worth reading when nothing else runs; the ratios stand some noise.
import { parseArgs } from "node:util"
import type { Case } from "./cases/case.js"
import { cases } from "./cases/index.js"
import { compile } from "./compile.js"
import { asJson, machine, printCase, printLeftOut, printVerdicts } from "./report.js"
import { quick, run, thorough, type LeftOut, type Outcome } from "./run.js"
import { verdictsOf } from "./summary.js"

const { values } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, json: { type: "boolean" } }
})
const effort = values.quick === true ? quick : thorough
const only = values.only ?? ""
const prints = values.json !== true
const { node, processors, model } = machine()
if (prints) console.log(`Node ${node}, ${processors} × ${model}; ${effort.rounds} rounds`)

compile()
const outcomes: Array<Outcome> = []
const leftOut: Array<LeftOut> = []
const isWanted = ({ group, title }: Case): boolean =>
  only === "" ? group !== "primitives" || effort === thorough : group === only || title.includes(only)
for (const work of cases.filter(isWanted)) {
  for (const outcome of await run(work, effort, (one) => leftOut.push(one))) {
    outcomes.push(outcome)
    if (prints) printCase(outcome)
  }
}
if (prints) {
  printVerdicts(outcomes.flatMap(verdictsOf))
  printLeftOut(leftOut)
} else console.log(asJson(outcomes, leftOut))

import { everywhere, isRate } from "../cases/case.js"
import { figure, quantity, table, wording } from "../format.js"
import type { Result, Row, Run } from "../results.js"
import { highlights, type Highlight } from "./highlights.js"
import { label } from "./names.js"

/** The blocks that pages can have: the text for each, by what stands in its mark. */
export const blockOf = (run: Run, name: string): string => {
  if (name === "machine") return machine(run)
  if (name === "targets") return targets(run)
  if (name === "speed") return speed(run)
  const group = run.cases.filter((one) => one.group === name)
  if (group.length === 0) throw new Error(`the run has no cases for "${name}"`)
  const titles = [...new Set(group.map(({ title }) => title))]
  return titles.map((title) => caseTable(group.filter((one) => one.title === title))).join("\n\n")
}

const machine = ({ machine: { model, cores, memoryGiB, kernel, node }, date, rounds }: Run): string =>
  `Measured on ${date}: ${cores} × ${model}, ${memoryGiB} GiB, ${kernel}, Node ${node}; medians of ${rounds} alternating rounds.`

const targets = ({ cases }: Run): string => {
  const rows = cases.flatMap(({ title, placement, unit, targets }) =>
    targets.map((target) => {
      const { got, wanted } = wording({ ...target, contender: label(target.contender), ...named(target.to) }, unit)
      return [`${title}, ${placement}`, wanted, got, target.isMet ? "met" : "**not met**"]
    })
  )
  const met = rows.filter(([, , , verdict]) => verdict === "met").length
  const all = table(
    ["work", "wanted", "reached by the best", ""],
    rows.map((row) => row.map(escaped))
  )
  return `${met} of ${rows.length} are met.\n\n${all}`
}

const named = (to: string | undefined) => (to === undefined ? {} : { to: label(to) })

/** One table for all placements of a case. */
const caseTable = (results: ReadonlyArray<Result>): string => {
  const contenders = [...new Set(results.flatMap(({ rows }) => rows.map(({ contender }) => contender)))]
  const [first] = results
  if (first === undefined) return ""
  const rows = contenders.map((contender) => [
    label(contender),
    ...results.flatMap((result) => cells(result, contender))
  ])
  const head = ["", ...results.flatMap(headOf)]
  return `### ${capital(first.title)}\n\n${table(
    head,
    rows.map((row) => row.map(escaped))
  )}`
}

const headOf = ({ placement, baseline, rows }: Result): ReadonlyArray<string> => [
  placement,
  `× ${label(baseline)}`,
  ...(rows.some(({ p50 }) => p50 !== undefined) ? ["p50", "p99"] : [])
]

const cells = ({ unit, rows }: Result, contender: string): ReadonlyArray<string> => {
  const row = rows.find((one) => one.contender === contender)
  const hasTrips = rows.some(({ p50 }) => p50 !== undefined)
  if (row === undefined) return hasTrips ? ["", "", "", ""] : ["", ""]
  const trips = [row.p50, row.p99].map((value) => (value === undefined ? "" : quantity(value, "ns")))
  return [quantity(row.median, unit), figure(row.ratio), ...(hasTrips ? trips : [])]
}

/** What the README shows. */
const speed = (run: Run): string => {
  const rows = highlights.map((one) => [
    one.work,
    ...everywhere.map((placement) => {
      const result = run.find(one.title, placement)
      return result === undefined ? "" : highlight(result, one)
    })
  ])
  return table(
    ["work", "both processes on one core", "two cores"],
    rows.map((row) => row.map(escaped))
  )
}

/** The fastest of them, beside another. */
const highlight = ({ rows, unit }: Result, { contenders, to, as }: Highlight): string => {
  const other = rows.find(({ contender }) => contender === to)
  if (other === undefined) return ""
  const speedOf = ({ ratio }: Row) => (isRate(unit) ? ratio / other.ratio : other.ratio / ratio)
  const [best] = rows
    .filter(({ contender }) => contenders.includes(contender))
    .sort((one, another) => speedOf(another) - speedOf(one))
  if (best === undefined) return ""
  const times = as === "time" ? `${figure(1 / speedOf(best))} ×` : `${figure(speedOf(best))} × as fast as`
  return `${quantity(best.median, unit)}, ${times} ${label(to)}`
}

const escaped = (cell: string): string => cell.replace(/[|<>]/g, "\\$&")

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

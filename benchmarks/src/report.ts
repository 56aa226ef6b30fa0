import { figure, table, wording } from "./format.js"
import type { LeftOut, Machine, Result, Row } from "./results.js"

export const describe = ({ model, cores, memoryGiB, kernel, node }: Machine): string =>
  `${cores} × ${model}, ${memoryGiB} GiB, ${kernel}, Node ${node}`

export const printCase = (result: Result): void => {
  const rows = result.rows.map((row) => ({ [result.unit]: row.contender, ...columns(row, result.baseline) }))
  const head = [...new Set(rows.flatMap(Object.keys))]
  console.log(`\n${result.title}, ${result.placement}`)
  console.log(
    table(
      head,
      rows.map((row) => head.map((name) => new Map(Object.entries(row)).get(name) ?? ""))
    )
  )
}

export const printTargets = (results: ReadonlyArray<Result>): void => {
  if (results.some(({ targets }) => targets.length > 0)) console.log("\nTargets")
  for (const { title, placement, targets, unit } of results) {
    for (const target of targets) {
      const { got, wanted } = wording(target, unit)
      console.log(`${target.isMet ? "met    " : "NOT MET"} ${got}; wanted ${wanted} (${title}, ${placement})`)
    }
  }
}

export const printLeftOut = (leftOut: ReadonlyArray<LeftOut>): void => {
  for (const why of new Set(leftOut.map((one) => one.why))) {
    const contenders = leftOut.filter((one) => one.why === why).map(({ contender }) => contender)
    console.log(`\nLeft out: ${[...new Set(contenders)].join("; ")}\n  ${why}`)
  }
}

const columns = ({ ratio, middleRatio, median, least, most, p50, p99, lost }: Row, baseline: string) => {
  const all: Record<string, number | undefined> = {
    [`ratio to ${baseline}`]: ratio,
    median,
    least,
    most,
    "p50 ratio": middleRatio,
    p50,
    p99,
    "lost, %": lost === undefined ? undefined : 100 * lost
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, figure(value)]]))
  )
}

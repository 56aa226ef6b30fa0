import { figure, wording } from "./format.js"
import type { LeftOut, Machine, Result, Row } from "./results.js"

export const describe = ({ model, cores, memoryGiB, kernel, node }: Machine): string =>
  `${cores} × ${model}, ${memoryGiB} GiB, ${kernel}, Node ${node}`

export const printCase = (result: Result): void => {
  console.log(`\n${result.title}, ${result.placement} (${result.unit})`)
  console.table(Object.fromEntries(result.rows.map((row) => [row.contender, columns(row, result.baseline)])))
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

const columns = ({ ratio, middleRatio, median, least, most, p50, p99, lost }: Row, baseline: string) => ({
  [`ratio to ${baseline}`]: figure(ratio),
  median: figure(median),
  least: figure(least),
  most: figure(most),
  ...(middleRatio === undefined ? {} : { "p50 ratio": figure(middleRatio) }),
  ...(p50 === undefined ? {} : { p50: figure(p50) }),
  ...(p99 === undefined ? {} : { p99: figure(p99) }),
  ...(lost === undefined ? {} : { lost: `${figure(100 * lost)} %` })
})

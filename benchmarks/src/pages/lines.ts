import type { TopLevelSpec } from "vega-lite"
import { everywhere } from "../cases/case.js"
import { sizes } from "../oneWay.js"
import type { Run } from "../results.js"
import { limit, look, ours, oursLight } from "./look.js"
import { kindOf } from "./names.js"

/** MiB a second by size, ours beside C. */
export const throughput = (run: Run): TopLevelSpec | undefined => {
  const values = everywhere.flatMap((placement) => Object.keys(sizes).flatMap((size) => ratesOf(run, placement, size)))
  if (values.length === 0) return undefined
  return {
    ...look,
    title: {
      text: "Bytes one way, by the size of a message",
      subtitle: "solid: into reused memory; dashed: into fresh memory"
    },
    data: { values },
    facet: { column: { field: "placement", type: "nominal", title: null } },
    spec: {
      width: 300,
      height: 240,
      mark: { type: "line", point: true },
      encoding: {
        x: {
          field: "size",
          type: "ordinal",
          title: "bytes of a message",
          sort: Object.keys(sizes),
          axis: { labelAngle: 0 }
        },
        y: { field: "rate", type: "quantitative", title: "MiB a second, more is better", scale: { type: "log" } },
        color: {
          field: "kind",
          type: "nominal",
          scale: { domain: ["Ductworks", "C, the limit"], range: [ours, limit] },
          legend: { symbolType: "stroke" }
        },
        strokeDash: {
          field: "memory",
          type: "nominal",
          scale: { domain: ["into reused memory", "into fresh memory"], range: [[], [4, 3]] },
          legend: null
        }
      }
    }
  }
}

/** The best of our transports and of the ways to receive, and C. */
const ratesOf = (run: Run, placement: string, size: string) => {
  const rows = run.cases
    .filter((one) => one.placement === placement && one.group === "bytes")
    .flatMap(({ rows }) => rows)
  return memories.flatMap(([memory, suffix]) =>
    (["Ductworks", "C, the limit"] as const).flatMap((kind) => {
      const rates = rows
        .filter(
          ({ contender }) => kindOf(contender) === kind && contender.includes(`, ${size}, `) && suffix.test(contender)
        )
        .map(({ median }) => median)
      return rates.length === 0 ? [] : [{ placement, size, memory, kind, rate: Math.max(...rates) }]
    })
  )
}

const memories = [
  ["into reused memory", /, (reused|as it comes)$/],
  ["into fresh memory", /, fresh$/]
] as const

/** Millions a second by the number of ducts. */
export const manyDucts = (run: Run): TopLevelSpec | undefined => {
  const title = run.cases.find((one) => one.rows.some(({ contender }) => contender === "1,000 ducts"))?.title ?? ""
  const values = everywhere.flatMap((placement) =>
    (run.find(title, placement)?.rows ?? []).flatMap(({ contender, median }) => {
      const [, width, transport] = /^([\d,]+) ducts?( over sockets)?$/.exec(contender) ?? []
      if (width === undefined) return []
      return [
        {
          placement,
          ducts: Number(width.replace(",", "")),
          transport: transport === undefined ? "NodeTransport" : "SocketTransport",
          figure: 1000 / median
        }
      ]
    })
  )
  if (values.length === 0) return undefined
  return {
    ...look,
    title: "60-byte JSON one way over many ducts at once",
    data: { values },
    facet: { column: { field: "placement", type: "nominal", title: null } },
    spec: {
      width: 300,
      height: 200,
      mark: { type: "line", point: true },
      encoding: {
        x: {
          field: "ducts",
          type: "quantitative",
          scale: { type: "log" },
          axis: { values: [1, 10, 100, 1000] },
          title: "ducts"
        },
        y: { field: "figure", type: "quantitative", title: "million a second, more is better", scale: { zero: true } },
        color: { field: "transport", type: "nominal", scale: { range: [oursLight, ours] } }
      }
    }
  }
}

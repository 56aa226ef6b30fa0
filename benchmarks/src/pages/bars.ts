import type { TopLevelSpec } from "vega-lite"
import { everywhere } from "../cases/case.js"
import type { Result, Row, Run } from "../results.js"
import { limit, look, ours, theirs } from "./look.js"
import { kindOf, label, type Kind } from "./names.js"

export interface Bars {
  /** Of the case. */
  readonly title: string
  readonly heading: string
  readonly unit: string
  readonly lessIsBetter: boolean
  readonly figure: (row: Row) => number
}

/** A bar a contender, one panel for each placement. */
export const bars = (run: Run, what: Bars): TopLevelSpec | undefined => {
  const results = everywhere.flatMap((placement) => {
    const result = run.find(what.title, placement)
    return result === undefined ? [] : [result]
  })
  if (results.length === 0) return undefined
  const present = new Set(results.flatMap(({ rows }) => rows.map(({ contender }) => kindOf(contender))))
  const kinds = [...colors.keys()].filter((kind) => present.has(kind))
  return { ...look, title: what.heading, spacing: 24, vconcat: results.map((result) => panel(result, what, kinds)) }
}

const colors: ReadonlyMap<Kind, string> = new Map([
  ["Ductworks", ours],
  ["others", theirs],
  ["C, the limit", limit]
])

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number]

/** Sorted here, the best first: layers that share an axis cannot be sorted by a field. */
const panel = (
  { placement, rows }: Result,
  { unit, lessIsBetter, figure }: Bars,
  kinds: ReadonlyArray<Kind>
): Panel => {
  const best = lessIsBetter ? 1 : -1
  const values = rows
    .map((row) => ({
      name: label(row.contender),
      kind: kindOf(row.contender),
      figure: Number(figure(row).toPrecision(3))
    }))
    .sort((a, b) => best * (a.figure - b.figure))
  return {
    title: { text: placement, fontSize: 12, fontWeight: "normal" },
    width: 440,
    height: { step: 20 },
    data: { values },
    encoding: {
      y: { field: "name", type: "nominal", title: null, sort: null },
      x: {
        field: "figure",
        type: "quantitative",
        title: `${unit}, ${lessIsBetter ? "less" : "more"} is better`,
        axis: { tickCount: 5 }
      }
    },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: [...kinds], range: kinds.map((kind) => colors.get(kind) ?? limit) }
          }
        }
      },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 11, color: limit },
        encoding: { text: { field: "figure" } }
      }
    ]
  }
}

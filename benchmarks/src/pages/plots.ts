import type { TopLevelSpec } from "vega-lite"
import type { Result, Row, Run } from "../results.js"
import { sizes } from "../oneWay.js"
import { kindOf, label } from "./names.js"

/** The plots of a run, by the names of their files; those whose cases it has. */
export const plotsOf = (run: Run): ReadonlyMap<string, TopLevelSpec> => {
  const plots: ReadonlyArray<readonly [string, TopLevelSpec | undefined]> = [
    [
      "round-trip",
      bars(
        run,
        "round trip of 90-byte JSON",
        "Round trip of 90 bytes of JSON",
        "µs, less is better",
        (row) => row.median / 1000
      )
    ],
    [
      "one-way",
      bars(
        run,
        "one way, 60-byte JSON",
        "60-byte JSON messages one way",
        "million a second, more is better",
        (row) => 1000 / row.median
      )
    ],
    ["throughput", throughput(run)],
    ["ducts", scale(run)]
  ]
  return new Map(plots.flatMap(([name, spec]) => (spec === undefined ? [] : [[name, spec]])))
}

const placements = ["one core", "two cores"] as const

/** Opaque, since a page may be light or dark. */
const look = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  background: "#ffffff",
  padding: 12,
  config: {
    font: "sans-serif",
    view: { stroke: null },
    axis: { labelLimit: 260, grid: false, titleFontWeight: "normal", labelFontSize: 11 },
    title: { anchor: "start", fontSize: 14 },
    legend: { orient: "bottom", title: null }
  }
} as const

const colors = {
  field: "kind",
  type: "nominal",
  scale: { domain: ["Ductworks", "others", "C, the limit"], range: ["#2563eb", "#b8bec8", "#4b5563"] }
} as const

type Figures = ReadonlyArray<Record<string, string | number>>

/** A bar a contender, one panel for each placement. */
const bars = (run: Run, title: string, heading: string, unit: string, figure: (row: Row) => number) => {
  const panels = placements.flatMap((placement) => {
    const result = run.find(title, placement)
    return result === undefined ? [] : [panel(placement, result, unit, figure)]
  })
  return panels.length === 0 ? undefined : { ...look, title: heading, spacing: 30, hconcat: panels }
}

const panel = (placement: string, { rows, unit: measured }: Result, unit: string, figure: (row: Row) => number) => {
  const values: Figures = rows.map((row) => ({
    name: label(row.contender),
    kind: kindOf(row.contender),
    figure: Number(figure(row).toPrecision(3))
  }))
  const isTime = measured.startsWith("ns") && unit.includes("less")
  return {
    title: { text: placement, fontSize: 12, fontWeight: "normal" as const },
    width: 300,
    height: { step: 20 },
    data: { values: [...values] },
    encoding: {
      y: {
        field: "name",
        type: "nominal" as const,
        title: null,
        sort: { field: "figure", order: isTime ? "ascending" : "descending" } as const
      },
      x: { field: "figure", type: "quantitative" as const, title: unit, axis: { tickCount: 5 } }
    },
    layer: [
      { mark: { type: "bar" as const }, encoding: { color: colors } },
      {
        mark: { type: "text" as const, align: "left" as const, dx: 4, fontSize: 11, color: "#374151" },
        encoding: { text: { field: "figure" } }
      }
    ]
  }
}

/** GiB a second by size, ours beside C. */
const throughput = (run: Run): TopLevelSpec | undefined => {
  const values = placements.flatMap((placement) => Object.keys(sizes).flatMap((size) => ratesOf(run, placement, size)))
  if (values.length === 0) return undefined
  return {
    ...look,
    title: "Bytes one way, by the size of a message",
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
        color: { ...colors },
        strokeDash: {
          field: "memory",
          type: "nominal",
          scale: { domain: ["into reused memory", "into fresh memory"], range: [[], [4, 3]] }
        }
      }
    }
  }
}

/** The best of our transports, and C. */
const ratesOf = (run: Run, placement: string, size: string) =>
  ["reused", "fresh"].flatMap((memory) => {
    const results = run.cases.filter((one) => one.placement === placement && one.group === "bytes")
    const rows = results
      .flatMap((one) => one.rows)
      .filter(({ contender }) => contender.endsWith(`, ${size}, ${memory}`) && !contender.startsWith("net"))
    return ["Ductworks", "C, the limit"].flatMap((kind) => {
      const rates = rows.filter((row) => kindOf(row.contender) === kind).map((row) => row.median)
      if (rates.length === 0) return []
      return [{ placement, size, memory: `into ${memory} memory`, kind, rate: Math.max(...rates) }]
    })
  })

const scale = (run: Run): TopLevelSpec | undefined => {
  const title = run.cases.find((one) => one.rows.some(({ contender }) => contender === "1,000 ducts"))?.title ?? ""
  const values = placements.flatMap((placement) =>
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
        color: { field: "transport", type: "nominal", scale: { range: ["#93b4f5", "#2563eb"] } }
      }
    }
  }
}

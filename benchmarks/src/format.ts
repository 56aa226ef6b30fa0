// How figures are written, in tables on the terminal and on pages.
import type { Verdict } from "./results.js"

/** Three digits of what is small, whole numbers of what is not. */
export const figure = (value: number): string => {
  if (!Number.isFinite(value)) return "–"
  return Math.abs(value) < 100 ? String(Number(value.toPrecision(3))) : Math.round(value).toLocaleString("en")
}

/** With a unit that suits its size. */
export const quantity = (value: number, unit: string): string => {
  if (unit.startsWith("ns")) return value < 1000 ? `${figure(value)} ns` : `${figure(value / 1000)} µs`
  if (unit === "MiB a second") return value < 1000 ? `${figure(value)} MiB/s` : `${figure(value / 1024)} GiB/s`
  if (unit === "packets a second") return `${figure(value / 1000)} k/s`
  if (unit.startsWith("bytes")) return Math.abs(value) < 1024 ? `${figure(value)} B` : `${figure(value / 1024)} KiB`
  return figure(value)
}

/** What was wanted and what there is, so that both read alike. */
export const wording = ({ contender, to = "", what, bound, limit, actual }: Verdict, unit: string) => {
  const sign = bound === "at most" ? "≤" : "≥"
  if (what === "figure") {
    return { got: `${contender}: ${quantity(actual, unit)}`, wanted: `${sign} ${quantity(limit, unit)}` }
  }
  const times = timesOf[what]
  return { got: `${contender}: ${times.got(figure(actual))}`, wanted: `${sign} ${times.wanted(figure(limit), to)}` }
}

const timesOf = {
  ratio: { got: (times: string) => `${times} ×`, wanted: (times: string, to: string) => `${times} × ${to}` },
  speed: {
    got: (times: string) => `${times} × as fast`,
    wanted: (times: string, to: string) => `${times} × as fast as ${to}`
  },
  tail: {
    got: (times: string) => `${times} × the p99 ÷ p50`,
    wanted: (times: string, to: string) => `${times} × the p99 ÷ p50 of ${to}`
  }
}

/** A table as Prettier writes it; terminals show it well, too. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((name, at) => Math.max(3, name.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${widths.map((width, at) => (cells[at] ?? "").padEnd(width)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

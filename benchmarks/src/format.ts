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
  const say = (value: number) => {
    if (what === "figure") return quantity(value, unit)
    return `${figure(value)} × ${unitOf[what]}`.trimEnd()
  }
  const other = what === "figure" ? "" : ` ${to}`
  return { got: `${contender}: ${say(actual)}`, wanted: `${sign} ${say(limit)}${other}` }
}

const unitOf = { ratio: "", speed: "as fast as", tail: "the p99 ÷ p50 of" }

/** A table as Prettier writes it; terminals show it well, too. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((name, at) => Math.max(3, name.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${widths.map((width, at) => (cells[at] ?? "").padEnd(width)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

import { DuctError } from "@ductworks/core"
import Table from "cli-table3"
import type { Counted, Unreadable } from "./contract.js"

/** A file, what became of it, and which process did it. */
export interface Row {
  readonly file: string
  readonly result: Counted | Unreadable
  readonly worker: number | undefined
}

const shown = 20

const number = (value: number): string => value.toLocaleString("en-US")

const count = (files: number): string => `${number(files)} ${files === 1 ? "file" : "files"}`

/** File names may hold anything; a terminal must not be driven by them. */
const printable = (text: string): string => (/\p{C}/u.test(text) ? DuctError.quoteText(text) : text)

/** The end of a name that is too long for its column says more than its start. */
const shortened = (text: string, width: number): string =>
  text.length <= width ? text : `…${text.slice(text.length - width + 1)}`

const total = (counted: ReadonlyArray<Counted>, what: "bytes" | "lines" | "words"): string =>
  number(counted.reduce((sum, result) => sum + result[what], 0))

/**
 * The table: all files by name, or the largest ones. Files that could not be read come last, with the reason.
 *
 * @param width columns of the terminal, if it is one
 */
export const table = (
  rows: ReadonlyArray<Row>,
  options: { readonly all: boolean; readonly width?: number }
): string => {
  const counted = rows.flatMap(({ result, ...row }) => (result._tag === "Counted" ? [{ ...row, ...result }] : []))
  const unreadable = rows.flatMap(({ result, ...row }) => (result._tag === "Unreadable" ? [{ ...row, ...result }] : []))
  const pick = <A>(list: ReadonlyArray<A>) => (options.all ? list : list.slice(0, shown))
  const largest = options.all ? counted : [...counted].sort((a, b) => b.bytes - a.bytes)
  const fileWidth = Math.max(20, (options.width ?? Infinity) - 56)

  const out = new Table({
    head: ["file", "lines", "words", "sha256", "worker"],
    colAligns: ["left", "right", "right", "left", "right"],
    style: { head: [], border: [], compact: true }
  })
  for (const { file, lines, sha256, words, worker } of pick(largest)) {
    out.push([shortened(printable(file), fileWidth), number(lines), number(words), sha256.slice(0, 12), worker])
  }
  for (const { file, problem, worker } of pick(unreadable)) {
    out.push([shortened(printable(file), fileWidth), { colSpan: 3, content: printable(problem) }, worker])
  }
  const left = rows.length - out.length
  const totals = `${total(counted, "lines")} lines, ${total(counted, "words")} words, ${total(counted, "bytes")} bytes`
  return [
    ...(rows.length === 0 ? [] : [out.toString()]),
    ...(left > 0 ? [`and ${number(left)} more (--all shows them)`] : []),
    `${count(counted.length)}: ${totals}`,
    ...(unreadable.length > 0 ? [`${count(unreadable.length)} could not be read`] : [])
  ].join("\n")
}

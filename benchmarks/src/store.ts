// Runs under benchmarks/results. Only the reference is kept in the repository.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { decodeRun, encodeRun, Run, type Result } from "./results.js"

export const resultsFolder = fileURLToPath(new URL("../results/", import.meta.url))

export const reference = "reference"

const fileOf = (name: string): string => join(resultsFolder, `${name}.json`)

export const load = (name: string): Run => decodeRun(readFileSync(fileOf(name), "utf8"))

/** Whole or not at all: whoever stops a run keeps what it had. */
export const store = (name: string, run: Run): void => {
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(`${fileOf(name)}.new`, `${encodeRun(run)}\n`)
  renameSync(`${fileOf(name)}.new`, fileOf(name))
}

/** The run with these cases in the place of the same ones, or after the others. */
export const replace = (run: Run, results: ReadonlyArray<Result>): Run => {
  const isSame = (one: Result) => (other: Result) => one.title === other.title && one.placement === other.placement
  const kept = run.cases.map((one) => results.find(isSame(one)) ?? one)
  const added = results.filter((one) => !run.cases.some(isSame(one)))
  const titles = new Set(results.map(({ title }) => title))
  return new Run({ ...run, cases: [...kept, ...added], leftOut: run.leftOut.filter(({ title }) => !titles.has(title)) })
}

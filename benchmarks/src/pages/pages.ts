// The figures of README.md and docs/performance.md, and their plots: all from one run, so that they cannot disagree.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Run } from "../results.js"
import { draw } from "./draw.js"
import { plotsOf } from "./plots.js"
import { blockOf } from "./tables.js"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const pages = ["README.md", "docs/performance.md"]

/** A block stands between `<!-- figures: name -->` and `<!-- end of figures -->`; what is between is replaced. */
export const fill = (page: string, run: Run): string =>
  page.replace(
    /(<!-- figures: (.+?) -->\n)[\s\S]*?(<!-- end of figures -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n${blockOf(run, name)}\n\n${end}`
  )

/** The files that a run makes, by their paths in the repository. */
export const filesOf = async (run: Run): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>()
  for (const [name, spec] of plotsOf(run)) files.set(`docs/plots/${name}.svg`, await draw(spec))
  for (const page of pages) files.set(page, fill(readFileSync(join(root, page), "utf8"), run))
  return files
}

/** The plots into that folder. */
export const writePlots = async (run: Run, folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  for (const [name, spec] of plotsOf(run)) writeFileSync(join(folder, `${name}.svg`), await draw(spec))
}

export const writePages = async (run: Run): Promise<void> => {
  mkdirSync(join(root, "docs", "plots"), { recursive: true })
  for (const [path, text] of await filesOf(run)) writeFileSync(join(root, path), text)
}

/** The paths of files that do not say what the run says. */
export const stale = async (run: Run): Promise<ReadonlyArray<string>> => {
  const read = (path: string) => {
    try {
      return readFileSync(join(root, path), "utf8")
    } catch {
      return undefined
    }
  }
  return Array.from(await filesOf(run)).flatMap(([path, text]) => (read(path) === text ? [] : [path]))
}

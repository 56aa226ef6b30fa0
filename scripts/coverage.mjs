// docs/coverage.md: which test proves which row of the requirements, on which transport, from vitest's own report.
//   (no option)  fails when a row has no passing test, a title names an unknown row, or the page is stale
//   --write      writes the page          --test  runs the suite first, for a fresh report
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const reportFile = join(root, "build", "test-report.json")
const page = join(root, "docs", "coverage.md")
const rows = JSON.parse(readFileSync(join(root, "scripts", "rows.json"), "utf8"))
const options = new Set(process.argv.slice(2))

/** The mistakes of the originals (M-1 ...) are listed where a title names them, but not asked for one by one. */
const ids = (title) => title.match(/\b(?:DW|EX|AS|ST|SH|M)-\d+\b/g) ?? []
const transports = ["memory", "unix", "tcp", "fd", "native", "portable"]
const names = transports.join("|")
const suffix = new RegExp(`(?:\\s*\\((?:${names})(?:, (?:${names}))*\\))+$`, "i")

/** From a title's end, such as `(unix)`, or else from the name of a describe around it. */
const transportsOf = ({ title, ancestorTitles }) => {
  const own = suffix.exec(title)
  if (own !== null) return own[0].toLowerCase().match(/[a-z]+/g)
  const around = ancestorTitles.join(" ").toLowerCase()
  return transports.filter((name) => new RegExp(`\\b${name}\\b`).test(around))
}

const runTests = () => {
  rmSync(reportFile, { force: true })
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
  const args = [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`]
  spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" })
}

const readTests = () => {
  if (!existsSync(reportFile)) {
    console.error("no build/test-report.json: run `npm run docs:coverage`, or `npm run check -- test coverage`")
    process.exit(1)
  }
  const report = JSON.parse(readFileSync(reportFile, "utf8"))
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({
      file: relative(root, name).split(sep).join("/"),
      title: test.title.replace(suffix, ""),
      rows: [...new Set(ids([...test.ancestorTitles, test.title].join(" ")))],
      transports: transportsOf(test),
      passed: test.status === "passed"
    }))
  )
}

/** One entry for a test that runs on several transports. */
const byRow = (tests) => {
  const found = new Map()
  for (const test of tests) {
    for (const row of test.rows) {
      const entries = found.get(row) ?? new Map()
      found.set(row, entries)
      const key = `${test.file} ${test.title}`
      const entry = entries.get(key) ?? { ...test, transports: new Set(), passed: true }
      for (const name of test.transports) entry.transports.add(name)
      entry.passed &&= test.passed
      entries.set(key, entry)
    }
  }
  return found
}

const numeric = (a, b) => a.localeCompare(b, "en", { numeric: true })
const cell = (text) => text.replace(/[|\\`<>*_]/g, "\\$&").replace(/\s+/g, " ")

const render = (found) => {
  const known = [...Object.keys(rows), ...[...found.keys()].filter((id) => !(id in rows)).sort(numeric)]
  const lines = known.flatMap((id) => {
    const tests = [...(found.get(id)?.values() ?? [])].sort((a, b) => numeric(a.file + a.title, b.file + b.title))
    if (tests.length === 0) return [`| ${id} | ${cell(rows[id])} | **no test** | | |`]
    return tests.map(({ file, title, transports: on }, at) => {
      const where = transports.filter((name) => on.has(name)).join(", ")
      const name = at === 0 ? cell(rows[id] ?? "a mistake of the originals") : ""
      return `| ${at === 0 ? id : ""} | ${name} | ${cell(title)} | [${file}](../${file}) | ${where} |`
    })
  })
  return [
    "# Coverage",
    "",
    "Which test proves which row of the requirements, and on which transports it runs.",
    "Generated from the test report by `npm run docs:coverage`; `npm run check` fails when this page is stale.",
    "",
    "| row | behaviour | test | file | transports |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
    ""
  ].join("\n")
}

if (options.has("--test")) runTests()
const found = byRow(readTests())
const wanted = render(found)
if (options.has("--write")) writeFileSync(page, wanted)

const problems = [
  ...Object.keys(rows)
    .filter((id) => ![...(found.get(id)?.values() ?? [])].some(({ passed }) => passed))
    .map((id) => `${id} has no passing test: ${rows[id]}`),
  ...[...found.keys()]
    .filter((id) => !(id in rows) && !id.startsWith("M-"))
    .map((id) => `${id} is no row of scripts/rows.json`),
  ...(existsSync(page) && readFileSync(page, "utf8") === wanted
    ? []
    : ["docs/coverage.md is stale: npm run docs:coverage"])
]
for (const problem of problems) console.error(problem)
console.log(`${Object.keys(rows).length} rows, ${found.size} named by tests`)
process.exit(problems.length === 0 ? 0 : 1)

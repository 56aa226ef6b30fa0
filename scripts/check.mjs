// Everything that CI runs: `npm run check`, some of it: `npm run check -- lint docs`, or most: `-- --skip test`.
// Every step runs, also after one failed, so that one run says all there is to say.
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const bin = (path) => join(root, "node_modules", path)
const script = (name) => [join(root, "scripts", name)]
const report = "build/test-report.json"

/** Name, what it holds, and the arguments for Node. The order is from quick to slow. */
const steps = [
  ["format", "prettier", [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."]],
  ["boundaries", "who imports whom, cycles, package.json", script("boundaries.mjs")],
  ["types", "src and test apart", [bin("typescript/bin/tsc"), "-b"]],
  ["typetests", "type-level tests", [bin("vitest/vitest.mjs"), "run", "--config", "scripts/vitest.types.config.ts"]],
  ["lint", "eslint, type-aware", [bin("eslint/bin/eslint.js"), ".", "--max-warnings", "0"]],
  ["effects", "floating Effects and the like", script("effects.mjs")],
  [
    "test",
    "vitest",
    [bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  ],
  ["native", "the addon's tests, with sanitizers", script("native.mjs")],
  ["coverage", "every row has a passing test", script("coverage.mjs")],
  ["docs", "every @example and README block", script("docs.mjs")],
  ["figures", "README, pages and plots say what the reference run does", [join(root, "benchmarks/dist/figures.js")]],
  ["examples", "every program in examples/", script("examples.mjs")],
  ["browser", "pages, in headless Chromium", script("browser.mjs")],
  ["package", "packed, checked, used from the tarball", script("package.mjs")],
  ["selftest", "the checks can fail", script("check.selftest.mjs")]
]

const selected = (args) => {
  const names = steps.map(([name]) => name)
  const skip = args.includes("--skip")
  const given = args.filter((arg) => arg !== "--skip")
  const unknown = given.filter((name) => !names.includes(name))
  if (unknown.length > 0 || (skip && given.length === 0)) {
    console.error(`usage: npm run check -- [--skip] [${names.join("|")}]...`)
    process.exit(2)
  }
  if (skip) return steps.filter(([name]) => !given.includes(name))
  return given.length === 0 ? steps : steps.filter(([name]) => given.includes(name))
}

const run = (args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    const output = []
    child.stdout.on("data", (chunk) => output.push(chunk))
    child.stderr.on("data", (chunk) => output.push(chunk))
    child.on("error", (error) => resolve({ ok: false, output: error.message }))
    child.on("close", (code) => resolve({ ok: code === 0, output: Buffer.concat(output).toString().trimEnd() }))
  })

const failed = []
const chosen = selected(process.argv.slice(2))
for (const [name, about, args] of chosen) {
  const start = performance.now()
  const { ok, output } = await run(args)
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(8)
  console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(11)}${seconds}  ${about}`)
  if (ok) continue
  failed.push(name)
  console.log(output.replace(/^/gm, "     "))
}
console.log(
  failed.length === 0
    ? `check: all ${chosen.length} steps passed`
    : `check: ${failed.length} of ${chosen.length} steps failed: ${failed.join(", ")}`
)
process.exit(failed.length === 0 ? 0 : 1)

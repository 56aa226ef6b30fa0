// A check that cannot fail proves nothing. In a small workspace with copies of the real configuration, each check
// first passes over clean files and then must fail, for the named reason, once the bad files are there.
import { spawn } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bad, clean } from "./check.fixtures.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = join(root, "build", "selftest")

const put = (home, files) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
}

/** The tools are this repository's; the packages are the small workspace's own. */
const linkModules = (home) => {
  mkdirSync(join(home, "node_modules", "@ductworks"), { recursive: true })
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name === "@ductworks" || name.startsWith(".")) continue
    symlinkSync(join(root, "node_modules", name), join(home, "node_modules", name), "junction")
  }
  for (const name of readdirSync(join(home, "packages"))) {
    symlinkSync(join(home, "packages", name), join(home, "node_modules", "@ductworks", name), "junction")
  }
}

const makeWorkspace = (name, ...layers) => {
  const home = join(work, name)
  const configuration = [".dependency-cruiser.cjs", ".prettierrc.json", "eslint.config.js", "tsconfig.base.json"]
  for (const file of [...configuration, "vitest.shared.ts"]) cpSync(join(root, file), join(home, file))
  cpSync(join(root, "scripts"), join(home, "scripts"), { recursive: true })
  for (const files of layers) put(home, files)
  linkModules(home)
  return home
}

const run = (home, args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.on("close", (code) => resolve({ code, output }))
  })

const commands = {
  format: ["node_modules/prettier/bin/prettier.cjs", "--check", "packages"],
  lint: ["node_modules/eslint/bin/eslint.js", "packages", "--max-warnings", "0"],
  effects: ["scripts/effects.mjs"],
  boundaries: ["scripts/boundaries.mjs"],
  docs: ["scripts/docs.mjs"],
  examples: ["scripts/examples.mjs"],
  browser: ["scripts/browser.mjs"],
  coverage: ["scripts/coverage.mjs"],
  typetests: ["node_modules/vitest/vitest.mjs", "run", "--config", "scripts/vitest.types.config.ts"]
}

let failures = 0
const expect = (what, ok, output) => {
  console.log(`${ok ? "ok  " : "FAIL"} ${what}`)
  if (ok) return
  failures += 1
  console.error(output)
}

rmSync(work, { recursive: true, force: true })
const cleanHome = makeWorkspace("clean", clean)
await run(cleanHome, ["scripts/coverage.mjs", "--write"])

const cases = Object.entries(commands).flatMap(([check, command]) => [
  async () => {
    const { code, output } = await run(cleanHome, command)
    expect(`${check} passes over clean files`, code === 0, output)
  },
  ...bad
    .filter((each) => each.check === check)
    .map(({ name, files, reasons, env }) => async () => {
      const home = makeWorkspace(name, clean, files)
      const { code, output } = await run(home, command, env)
      expect(`${check} fails: ${name}`, code !== 0 && code !== null, output)
      for (const reason of reasons) expect(`${check} says ${reason}`, output.includes(reason), output)
    })
])
const queue = [...cases]
const worker = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next()
}
await Promise.all([worker(), worker()])
process.exit(failures === 0 ? 0 : 1)

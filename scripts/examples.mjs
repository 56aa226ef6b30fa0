// Runs every program of examples/: examples/src/<name>/main.ts, with the arguments of args.json beside it. Each must
// end by itself, with exit code 0, and leave nothing in the temporary directory it was given.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const seconds = 60

const names = readdirSync(join(root, "examples", "src"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, "examples", "src", entry.name, "main.ts")))
  .map((entry) => entry.name)
  .sort()

const argumentsOf = (name) => {
  const file = join(root, "examples", "src", name, "args.json")
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : []
}

let failures = 0
for (const name of names) {
  const scratch = mkdtempSync(join(tmpdir(), "ductworks-example-"))
  const start = performance.now()
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(root, "examples", "dist", name, "main.js"), ...argumentsOf(name)],
    {
      cwd: root,
      env: { ...process.env, TMPDIR: scratch },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
      timeout: seconds * 1000,
      killSignal: "SIGKILL",
      maxBuffer: 64 * 1024 * 1024
    }
  )
  const left = readdirSync(scratch)
  rmSync(scratch, { recursive: true, force: true })
  const ok = status === 0 && left.length === 0
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  if (ok) continue
  failures += 1
  const why = error?.message ?? (signal !== null ? `signal ${signal}` : `exit ${status}`)
  console.error([why, ...left.map((file) => `left behind: ${file}`), stdout, stderr].join("\n"))
}
if (names.length === 0) console.error("examples/src holds no program")
process.exit(failures === 0 && names.length > 0 ? 0 : 1)

// Runs the tests that need a browser, examples/test/*.browser.ts, in headless Chromium: that of CHROMIUM, else of the
// PATH, else the distribution's own, which is installed first where that can be done. Without one it fails. Of what the
// browser writes and starts nothing may be left.
import { spawnSync } from "node:child_process"
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const names = ["chromium", "chromium-browser", "google-chrome"]

const fail = (message) => {
  console.error(`browser: ${message}`)
  process.exit(1)
}

const isProgram = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

const onPath = (name) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram)

const find = () => names.map(onPath).find((file) => file !== undefined)

/** As root, or as somebody whom sudo asks for no password. Ubuntu's package is called otherwise than Debian's. */
const install = () => {
  const release = "/etc/os-release"
  const id = existsSync(release) ? /^ID=(.*)$/m.exec(readFileSync(release, "utf8"))?.[1] : undefined
  const name = id === "ubuntu" ? "chromium-browser" : "chromium"
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"]
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", name]]) {
    const [command, ...rest] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...args]
    spawnSync(command, rest, { stdio: ["ignore", 2, 2] })
  }
}

const chromium = () => {
  const { CHROMIUM } = process.env
  if (CHROMIUM !== undefined) return isProgram(CHROMIUM) ? CHROMIUM : fail(`CHROMIUM=${CHROMIUM} is no program`)
  if (find() === undefined && onPath("apt-get") !== undefined) install()
  return find() ?? fail(`none of ${names.join(", ")} is on the PATH: install Chromium, or set CHROMIUM to a program`)
}

/** Every process and its arguments; a small Linux has no `ps`. */
const processes = () => {
  if (!existsSync("/proc/self/cmdline")) {
    return spawnSync("ps", ["-axo", "pid=,args="], { encoding: "utf8" }).stdout.split("\n")
  }
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`] : []
    } catch {
      return []
    }
  })
}

const program = chromium()
const scratch = mkdtempSync(join(tmpdir(), "ductworks-browser-"))
const temporary = join(scratch, "tmp")
mkdirSync(temporary)
const home = { HOME: scratch, XDG_CONFIG_HOME: join(scratch, "config"), XDG_CACHE_HOME: join(scratch, "cache") }
const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
const { status } = spawnSync(process.execPath, [vitest, "run", "--config", "scripts/vitest.browser.config.ts"], {
  cwd: root,
  env: { ...process.env, ...home, TMPDIR: temporary, CHROMIUM: program },
  stdio: ["ignore", "inherit", "inherit"]
})
// Every process of a browser has its profile among its arguments; some take a moment to go.
const running = () => processes().filter((line) => line.includes(temporary))
for (let tries = 0; tries < 50 && running().length > 0; tries++) await setTimeout(100)
const left = [...running(), ...readdirSync(temporary)]
for (const line of running()) {
  try {
    process.kill(Number.parseInt(line, 10), "SIGKILL")
  } catch {
    // It has just ended.
  }
}
rmSync(scratch, { recursive: true, force: true })
if (status !== 0) fail(`the tests failed (${program})`)
if (left.length > 0) fail(`left behind:\n${left.join("\n")}`)

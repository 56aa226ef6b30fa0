// `npm run check:native`: the addon's own tests against a build with AddressSanitizer and UndefinedBehaviorSanitizer, and
// its programs with a look for leaks. Linux with gcc only; elsewhere it says so and passes.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { env, execPath, exit, platform } from "node:process"
import { fileURLToPath } from "node:url"
import { compile, sockets } from "./addon.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sanitizers = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1"
const failures = []

let start = performance.now()
const say = (ok, what, output = "") => {
  console.log(`${ok ? "ok  " : "FAIL"} ${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  start = performance.now()
  if (ok) return
  failures.push(what)
  console.error(output)
}

/** Node itself is built without sanitizers, so theirs come before everything else. */
const runtime = () =>
  ["libasan.so", "libubsan.so"].map((name) => {
    const { stdout } = spawnSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" })
    return stdout?.trim().startsWith("/") ? stdout.trim() : undefined
  })

const run = (args, extra) =>
  spawnSync(execPath, args, { cwd: root, encoding: "utf8", timeout: 300_000, env: { ...env, ...extra } })

/** Reports go to files, because processes that tests start have outputs of their own. */
const reportsIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.startsWith("report."))
    .map((name) => readFileSync(join(folder, name), "utf8"))

const runTests = (folder, built, preload) => {
  const files = readdirSync(join(sockets, "test")).filter((name) => /^binding.*\.test\.ts$/.test(name))
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
  const args = [
    vitest,
    "run",
    "--project",
    "sockets",
    "--testTimeout",
    "120000",
    ...files.map((name) => `test/${name}`)
  ]
  const { status, stdout, stderr } = run(args, {
    LD_PRELOAD: preload,
    ASAN_OPTIONS: `detect_leaks=0:log_path=${join(folder, "report")}`,
    UBSAN_OPTIONS: "print_stacktrace=1",
    // How node-gyp-build is told of another place to look.
    "@DUCTWORKS/SOCKETS_PREBUILD": built
  })
  say(status === 0, "the addon's tests, with sanitizers", `${stdout}\n${stderr}\n${reportsIn(folder).join("\n")}`)
}

/** Programs that free all they made. What Node and V8 keep to their end is theirs: only what the addon asked for counts. */
const findLeaks = (folder, file, preload) => {
  for (const [name, ...rest] of [["cycles"], ["workers", "2"], ["fuzz", "7", "4000"]]) {
    const args = [join(sockets, "test", "fixtures", "addon", `${name}.mjs`), file, ...rest]
    const { stderr } = run(args, {
      LD_PRELOAD: preload,
      ASAN_OPTIONS: "detect_leaks=1:fast_unwind_on_malloc=0:exitcode=0"
    })
    const ours = stderr.split("\n\n").filter((block) => / leak of [^]*?#1 \S+ in \w+ \.\.\/\w+\.c:/.test(block))
    say(ours.length === 0 && stderr.includes("LeakSanitizer"), `no leak in ${name}`, ours.join("\n\n") || stderr)
  }
}

const [asan, ubsan] = platform === "linux" ? runtime() : []
if (asan === undefined || ubsan === undefined) {
  console.log("check:native: no gcc with sanitizers here, nothing checked")
  exit(env.CI === "true" && platform === "linux" ? 1 : 0)
}
const folder = mkdtempSync(join(tmpdir(), "ductworks-native-"))
try {
  const { ok, output, folder: built, file } = compile("addon-sanitized", { CFLAGS: sanitizers, LDFLAGS: sanitizers })
  say(ok, "built with sanitizers, warnings as errors", output)
  if (ok) {
    runTests(folder, built, `${asan} ${ubsan}`)
    findLeaks(folder, file, `${asan} ${ubsan}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
exit(failures.length === 0 ? 0 : 1)

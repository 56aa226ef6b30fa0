// `npm run check:native`: the addon's own tests against a build with AddressSanitizer and UndefinedBehaviorSanitizer, and
// its programs with a look for leaks. Linux with gcc only; elsewhere it says so and passes.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { env, execPath, exit, platform } from "node:process"
import { fileURLToPath } from "node:url"
import { compile, sockets } from "./addon.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sanitizers = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1"
const flags = { CFLAGS: sanitizers, LDFLAGS: sanitizers }
const failures = []

let start = performance.now()
const say = (ok, what, output = "") => {
  console.log(`${ok ? "ok  " : "FAIL"} ${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  start = performance.now()
  if (ok) return
  failures.push(what)
  console.error(output)
}

/** Node itself is built without sanitizers, so theirs come before everything else. Empty where there are none. */
const preload = ["libasan.so", "libubsan.so"]
  .map((name) => spawnSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" }).stdout?.trim())
  .filter((path) => platform === "linux" && path?.startsWith("/"))
  .join(" ")

const run = (args, extra) =>
  spawnSync(execPath, args, { cwd: root, encoding: "utf8", timeout: 300_000, env: { ...env, ...extra } })

/** Reports go to files, because processes that tests start have outputs of their own. */
const reportsIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.startsWith("report."))
    .map((name) => readFileSync(join(folder, name), "utf8"))

const runTests = (folder, built) => {
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

const program = (name) => join(sockets, "test", "fixtures", "addon", `${name}.mjs`)

/** Its exit status, and the leaks of what the addon asked for itself; what Node and V8 keep to their end is theirs. */
const runForLeaks = (file, [name, ...args]) => {
  const { status, stderr } = run([program(name), file, ...args], {
    LD_PRELOAD: preload,
    ASAN_OPTIONS: "detect_leaks=1:fast_unwind_on_malloc=0:exitcode=0"
  })
  const leaks = stderr.split("\n\n").filter((block) => / leak of [^]*?#1 \S+ in \w+ \.\.\/\w+\.c:/.test(block))
  return { status, stderr, leaks }
}

const findLeaks = (file) => {
  for (const args of [
    ["cycles", "2000"],
    ["workers", "2"],
    ["fuzz", "7", "4000"]
  ]) {
    const { status, stderr, leaks } = runForLeaks(file, args)
    say(status === 0 && leaks.length === 0, `no leak in ${args[0]}`, leaks.join("\n\n") || stderr)
  }
}

/** The source without the line that compares lengths, and without the one that frees. */
const breakIt = (folder) => {
  for (const [name, line] of [
    ["transfer.c", /^.*offset > view\.length.*$/m],
    ["descriptor.c", /^  free\(descriptor\);$(?=\n}\n\nstatic void after_close)/m]
  ]) {
    const file = join(folder, name)
    const parts = readFileSync(file, "utf8").split(line)
    if (parts.length !== 2) throw new Error(`${name} has no such line`)
    writeFileSync(file, parts.join(""))
  }
}

/** A check that cannot fail proves nothing: the same programs must catch what is broken. */
const catchMistakes = () => {
  const { ok, output, file } = compile("addon-broken", flags, breakIt)
  const { stderr } = run([program("fuzz"), file, "1", "8000"], { LD_PRELOAD: preload, ASAN_OPTIONS: "detect_leaks=0" })
  say(ok && stderr.includes("heap-buffer-overflow"), "an overrun would be seen", `${output}\n${stderr}`)
  const found = runForLeaks(file, ["cycles", "200"])
  say(ok && found.leaks.length > 0, "a leak would be seen", found.stderr)
}

if (preload === "") {
  console.log("check:native: no gcc with sanitizers here, nothing checked")
  exit(env.CI === "true" && platform === "linux" ? 1 : 0)
}
const folder = mkdtempSync(join(tmpdir(), "ductworks-native-"))
try {
  const { ok, output, folder: built, file } = compile("addon-sanitized", flags)
  say(ok, "built with sanitizers, warnings as errors", output)
  if (ok) {
    runTests(folder, built)
    findLeaks(file)
    catchMistakes()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
exit(failures.length === 0 ? 0 : 1)

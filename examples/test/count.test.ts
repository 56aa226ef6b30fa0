import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { built } from "./support/files.js"
import { run, start } from "./support/run.js"

const terminal = fileURLToPath(new URL("./support/terminal.py", import.meta.url))

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ductworks-count-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A folder that keeps two workers busy for more than a moment. */
const manyFiles = Effect.tap(temporaryFolder, (folder) =>
  Effect.sync(() => {
    for (let n = 0; n < 800; n++) writeFileSync(join(folder, `f${n}`), `word ${n} line\n`.repeat(500))
  })
)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const numbers = (matches: ReadonlyArray<RegExpExecArray>) => matches.map((match) => Number(match[1]))

/** The cells of the row that begins with the file's name. */
const row = (stdout: string, file: string): ReadonlyArray<string> => {
  const line = stdout.split("\n").find((text) => text.startsWith(`│ ${file} `)) ?? ""
  return line
    .split("│")
    .map((cell) => cell.trim())
    .slice(1, -1)
}

describe("npm start: count", { timeout: 60_000 }, () => {
  it.scopedLive("counts what wc counts, hashes, and passes over what is not source", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const text = "a b\tc\n\n  é😀 \r\nlast"
      writeFileSync(join(folder, "x.txt"), text)
      writeFileSync(join(folder, "empty"), "")
      mkdirSync(join(folder, "deep"))
      writeFileSync(join(folder, "deep", "y.txt"), "one\n")
      writeFileSync(join(folder, "new\nline\u001b[2J"), "")
      symlinkSync("/nonexistent", join(folder, "dangling"))
      for (const skipped of ["node_modules", "dist", "build", ".git"]) {
        mkdirSync(join(folder, skipped))
        writeFileSync(join(folder, skipped, "no.txt"), "no")
      }
      const { code, left, stdout } = yield* run("count", [folder])
      assert.deepStrictEqual([code, left], [0, []])
      const sha256 = createHash("sha256").update(text).digest("hex").slice(0, 12)
      assert.deepStrictEqual(row(stdout, "x.txt").slice(0, 4), ["x.txt", "3", "5", sha256])
      assert.deepStrictEqual(row(stdout, "deep/y.txt").slice(1, 3), ["1", "1"])
      assert.deepStrictEqual(row(stdout, "empty").slice(1, 3), ["0", "0"])
      assert.include(stdout, '"new\\u000aline\\u001b[2J"')
      assert.match(stdout, /\n4 files: 4 lines, 6 words, \d+ bytes\n$/)
    })
  )

  it.live(
    "takes this repository when no folder is given, shows the largest files, and two workers share the work",
    () =>
      Effect.gen(function* () {
        const { code, stdout } = yield* run("count")
        assert.strictEqual(code, 0)
        const [head, ...rest] = stdout.split("\n").filter((line) => line.startsWith("│"))
        assert.match(head ?? "", /file.*lines.*words.*sha256.*worker/)
        assert.strictEqual(rest.length, 20)
        assert.match(stdout, /and \d+ more \(--all shows them\)/)
        const lock = readFileSync(new URL("../../package-lock.json", import.meta.url))
        assert.strictEqual(
          row(stdout, "package-lock.json")[3],
          createHash("sha256").update(lock).digest("hex").slice(0, 12)
        )
        assert.strictEqual(new Set(rest.map((line) => line.split("│").at(-2))).size, 2)
      })
  )

  it.scopedLive("a file that cannot be read is a row with the reason", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      writeFileSync(join(folder, "good"), "good\n")
      // Not UTF-8, so the name that is listed is none that can be opened; the mode would not stop root.
      writeFileSync(Buffer.concat([Buffer.from(join(folder, "bad")), Buffer.from([0xff])]), "")
      const { code, stdout } = yield* run("count", [folder, "--all"])
      assert.strictEqual(code, 0)
      assert.match(stdout, /│ bad\ufffd +│ ENOENT: no such file/)
      assert.match(stdout, /\n1 file: 1 lines, 1 words, 5 bytes\n1 file could not be read\n$/)
    })
  )

  it.scopedLive("a worker that is killed is replaced, and its file is done again (fd)", () =>
    Effect.gen(function* () {
      const program = yield* start("count", [yield* manyFiles, "--all"])
      const [victim = -1] = numbers(yield* program.seen(/worker (\d+) started/g, 2))
      yield* program.seen(/80 of 800 files/g)
      process.kill(victim, "SIGKILL")
      const { code, left, stderr, stdout } = yield* program.ended
      assert.deepStrictEqual([code, left], [0, []])
      const lost = [...stderr.matchAll(/worker (\d+) was lost; (f\d+) is done again/g)]
      assert.deepStrictEqual(numbers(lost), [victim])
      const workers = numbers([...stderr.matchAll(/worker (\d+) started/g)])
      assert.strictEqual(workers.length, 3)
      assert.deepStrictEqual(workers.map(isAlive), [false, false, false])
      // Every file has a row, also the one that was under way.
      const rows = [...stdout.matchAll(/│ (f\d+) +│ +500 │ +1,500 │ [0-9a-f]{12} │ +\d+ │/g)]
      assert.strictEqual(new Set(rows.map((match) => match[1])).size, 800)
      assert.notStrictEqual(row(stdout, lost[0]?.[2] ?? "").at(-1), String(victim))
      assert.match(stdout, /\n800 files: 400,000 lines, 1,200,000 words/)
    })
  )

  it.scopedLive("SIGINT ends it with 130 and leaves no process, file or half a line (fd)", () =>
    Effect.gen(function* () {
      const program = yield* start("count", [yield* manyFiles])
      const workers = numbers(yield* program.seen(/worker (\d+) started/g, 2))
      yield* program.seen(/80 of 800 files/g)
      program.kill("SIGINT")
      // Impatience must not cut the tidying short.
      program.kill("SIGINT")
      const { code, left, signal, stderr, stdout } = yield* program.ended
      assert.deepStrictEqual([code, signal, left, stdout], [130, null, [], ""])
      assert.match(stderr, /^(worker \d+ started\n|\d+ of 800 files\n)+$/)
      assert.deepStrictEqual(workers.map(isAlive), [false, false])
    })
  )

  it.scopedLive("on a terminal there is a bar; Ctrl-C gives the cursor and a line of its own back (fd)", () =>
    Effect.gen(function* () {
      const folder = yield* manyFiles
      const onTerminal = (await_: string, ...args: ReadonlyArray<string>) =>
        spawnSync("python3", ["-B", terminal, await_, process.execPath, built("count/main.js"), ...args], {
          encoding: "utf8"
        }).stdout
      const whole = onTerminal("", folder)
      assert.match(whole, /█+ 800\/800 files, workers \d+ and \d+/)
      assert.match(whole, /\r\n800 files: 400,000 lines.*\r\nexit 0\n$/)
      const cut = onTerminal("/800 files, workers", folder)
      assert.include(cut, "\u001b[?25h", "the cursor is shown again")
      assert.match(cut, /\r\nexit 130\n$/)
      assert.notInclude(cut, "800 files: ")
      const workers = /workers (\d+) and (\d+)/.exec(cut)?.slice(1).map(Number) ?? []
      assert.deepStrictEqual(workers.map(isAlive), workers.length === 0 ? [] : [false, false])
    })
  )

  it.live("what it cannot use is one clear line and exit code 1", () =>
    Effect.gen(function* () {
      for (const [args, line] of [
        [["/nonexistent"], /^count: \/nonexistent does not exist\n$/],
        [[built("count/main.js")], /^count: \S+main\.js is not a folder\n$/],
        [["--bad"], /^count: Unknown option '--bad'.*\n$/],
        [["one", "two"], /^count: expected one folder\n$/]
      ] as const) {
        const { code, stderr, stdout } = yield* run("count", args)
        assert.deepStrictEqual([code, stdout], [1, ""])
        assert.match(stderr, line)
      }
      assert.isTrue(existsSync(built("count/main.js")))
    })
  )
})

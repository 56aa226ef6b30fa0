// The documentation executes: every `@example` of packages/*/src and every ```ts block of README.md, CONTRIBUTING.md
// and docs/*.md is type-checked in one program and run with Node, against the built packages, as a user would.
//
// After ```ts may stand: `no-run` (type-checked only) and `file=name.ts` (importable as "./name.js" by the blocks of
// the same page; run like the others unless `no-run` says otherwise). A block with `file=` and a folder is that file of
// the repository, and must not differ from it; one with `part=`, in any language, is some lines of it, indented as they may be.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = join(root, "build", "docs")
const seconds = 60

const lineAt = (text, index) => text.slice(0, index).split("\n").length

/** The `@example` sections of a source file's doc comments: bare code up to the next tag, or a fenced block. */
const examplesOf = (text) =>
  [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const lines = comment[0].split("\n").map((line) => line.replace(/^\s*\*\/?( |$)/, ""))
    const first = lineAt(text, comment.index)
    return lines.flatMap((line, at) => {
      if (!line.startsWith("@example")) return []
      const rest = lines.slice(at + 1)
      const end = rest.findIndex((next) => /^@[a-z]/.test(next) || next.endsWith("*/"))
      const section = rest.slice(0, end === -1 ? rest.length : end).join("\n")
      const fenced = /```ts[^\n]*\n([\s\S]*?)```/.exec(section)
      return [{ line: first + at, code: fenced?.[1] ?? section, words: [] }]
    })
  })

const blocksOf = (text) =>
  [...text.matchAll(/^```ts\b([^\n]*)\n([\s\S]*?)^```/gm)].map((block) => ({
    line: lineAt(text, block.index),
    code: block[2],
    words: block[1].trim().split(/\s+/)
  }))

/** Where a page shows a file of the repository otherwise than it is. */
const strayed = (file, text) =>
  [...text.matchAll(/^```\w+ ([^\n]*)\n([\s\S]*?)^```/gm)].flatMap((block) => {
    const [, word, name] = /\b(file|part)=(\S+\/\S+)/.exec(block[1]) ?? []
    if (name === undefined) return []
    const whole = existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8") : ""
    const unindented = (code) => `\n${code.replace(/^\s+/gm, "")}`
    const same = word === "file" ? block[2] === whole : unindented(whole).includes(unindented(block[2]))
    return same ? [] : [`${file}:${lineAt(text, block.index)}: differs from ${name}`]
  })

const sources = () => {
  const files = (folder, suffix) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true })
          .filter((name) => name.endsWith(suffix))
          .map((name) => join(folder, name))
          .sort()
      : []
  const pages = ["README.md", "CONTRIBUTING.md"].filter((name) => existsSync(join(root, name)))
  return [
    ...readdirSync(join(root, "packages")).flatMap((name) =>
      files(join("packages", name, "src"), ".ts").map((file) => [file, examplesOf])
    ),
    ...[...pages, ...files("docs", ".md")].map((file) => [file, blocksOf])
  ]
}

const write = () =>
  sources().flatMap(([file, extract]) =>
    extract(readFileSync(join(root, file), "utf8")).map(({ line, code, words }) => {
      const named = words.find((word) => word.startsWith("file="))?.slice(5)
      const folder = file.replace(/[/\\]/g, "_").replace(/\.(ts|md)$/, "")
      const name = basename(named ?? `line-${line}.ts`)
      mkdirSync(join(work, "src", folder), { recursive: true })
      // A block without an import is a module too, so that two of them do not share names.
      writeFileSync(join(work, "src", folder, name), `${code}\nexport {}\n`)
      return {
        where: `${file}:${line}`,
        program: join(work, "dist", folder, name.replace(/\.ts$/, ".js")),
        run: !words.includes("no-run")
      }
    })
  )

const compile = () => {
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: {
      rootDir: "src",
      outDir: "dist",
      composite: false,
      declarationMap: false,
      customConditions: [],
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")]
    },
    include: ["src"]
  }
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config))
  writeFileSync(join(work, "package.json"), JSON.stringify({ type: "module" }))
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  return spawnSync(process.execPath, [tsc, "-p", work], { cwd: work, stdio: "inherit" }).status === 0
}

/** console.assert only prints, and examples state what they show with it. */
const assertThrows = `data:text/javascript,${encodeURIComponent(
  `console.assert = (ok, ...rest) => { if (!ok) throw new Error(["console.assert failed", ...rest].join(" ")) }`
)}`

const execute = (program) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--enable-source-maps", "--import", assertThrows, program], {
      cwd: dirname(program),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: seconds * 1000,
      killSignal: "SIGKILL"
    })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.on("close", (code, signal) =>
      resolve({ ok: code === 0, why: signal === null ? `exit ${code}` : `killed after ${seconds} s`, output })
    )
  })

rmSync(work, { recursive: true, force: true })
const examples = write()
if (examples.length === 0) {
  console.error("no example found: the pattern that finds them must be wrong")
  process.exit(1)
}
const pages = sources().flatMap(([file, extract]) => (extract === blocksOf ? [file] : []))
const differences = pages.flatMap((file) => strayed(file, readFileSync(join(root, file), "utf8")))
for (const difference of differences) console.error(difference)
let failures = differences.length + (compile() ? 0 : 1)
const queue = failures === 0 ? examples.filter(({ run }) => run) : []
const total = queue.length
const worker = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { ok, why, output } = await execute(next.program)
    if (ok) continue
    failures += 1
    console.error(`${next.where}: ${why}\n${output}`)
  }
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker))
console.log(`${examples.length} examples type-checked, ${total} run, ${failures} failed`)
process.exit(failures === 0 ? 0 : 1)

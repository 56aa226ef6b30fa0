// Prepares the working copy: dependencies, the native addon, then the build. It runs before node_modules exists, so it
// imports nothing but Node's own modules; it prints nothing when there is nothing to do.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const oldestNode = [20, 19]

const fail = (message) => {
  console.error(message)
  process.exit(1)
}

const run = (what, command, args) => {
  console.error(`setup: ${what} ...`)
  const windowsNpm = process.platform === "win32" && command === "npm"
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: windowsNpm })
  if (status !== 0) fail(`setup: ${what} failed${error === undefined ? "" : `: ${error.message}`}`)
}

const filesUnder = (folder, suffix) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith(suffix))
        .map((name) => join(folder, name))
        .sort()
    : []

/** Changes when a file does. */
const hashOf = (files, besides = "") => {
  const line = (file) => {
    const { mtimeMs, size } = statSync(file)
    return `${file} ${mtimeMs} ${size}`
  }
  return createHash("sha256")
    .update([besides, ...files.map(line)].join("\n"))
    .digest("hex")
}

/** What was made last, so that nothing is made twice. */
const stampOf = (name) => {
  const file = join(root, "node_modules", ".cache", "ductworks", name)
  return {
    is: (hash) => existsSync(file) && readFileSync(file, "utf8") === hash,
    set: (hash) => {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, hash)
    }
  }
}

/** Folders of the workspace that compile from src to dist. */
const rooms = () =>
  [...readdirSync(join(root, "packages")).map((name) => join("packages", name)), "examples", "benchmarks"].filter(
    (room) => existsSync(join(root, room, "package.json"))
  )

/** A room's programs: its sources, and what its tests start as processes. */
const buildProjects = (room) => {
  const projects = ["src", "fixtures"].map((part) => join(room, `tsconfig.${part}.json`))
  const present = projects.filter((project) => existsSync(join(root, project)))
  return present.length > 0 ? present : [join(room, "tsconfig.json")]
}

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  fail(`ductworks needs Node ${oldestNode.join(".")} or newer; this is ${process.version}`)
}

/**
 * npm writes node_modules/.package-lock.json last, so it says what a finished install put there, whoever ran it.
 * Packages for other platforms are optional and may be absent.
 */
const installed = () => {
  const actual = join(root, "node_modules", ".package-lock.json")
  if (!existsSync(actual)) return false
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages
  const present = JSON.parse(readFileSync(actual, "utf8")).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true
    const found = present[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

const install = () => {
  if (!installed()) run("npm ci", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
}

/** What `tsc -b` reads, and whether all it writes is there; one line a file. */
const buildState = () => {
  const inputs = rooms().flatMap((room) => [
    join(root, room, "package.json"),
    ...readdirSync(join(root, room))
      .filter((name) => /^tsconfig.*\.json$/.test(name))
      .map((name) => join(root, room, name)),
    ...filesUnder(join(root, room, "src"), ".ts"),
    ...filesUnder(join(root, room, "test", "fixtures"), ".ts")
  ])
  const shared = [join(root, "tsconfig.base.json"), join(root, "node_modules", ".package-lock.json")]
  const isMissing = (room, from, to) =>
    filesUnder(join(root, room, from), ".ts").some(
      (file) =>
        !file.endsWith(".d.ts") &&
        !existsSync(join(root, room, to, file.slice(join(root, room, from).length, -3) + ".js"))
    )
  const outputsMissing = rooms().some(
    (room) =>
      isMissing(room, "src", "dist") || isMissing(room, join("test", "fixtures"), join("build", "test", "fixtures"))
  )
  return { hash: hashOf([...inputs, ...shared]), outputsMissing }
}

const addonBinary = join(root, "packages", "sockets", "build", "Release", "ductworks_sockets.node")

/** A machine without a C compiler, make or Python has no addon, and what needs it says so; only CI insists. */
const addon = () => {
  if (process.platform === "win32") return
  const inputs = [...filesUnder(join(root, "packages", "sockets", "binding"), ""), join(root, "scripts", "addon.mjs")]
  const hash = hashOf(inputs, `${process.platform} ${process.arch}`)
  const stamp = stampOf("addon-stamp")
  if (existsSync(addonBinary) && stamp.is(hash)) return
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "addon.mjs")], { encoding: "utf8" })
  if (status === 0) return stamp.set(hash)
  if (process.env.CI === "true") fail(`setup: the native addon failed\n${stderr}`)
  console.error("setup: no native addon (it needs a C compiler, make, Python; node scripts/addon.mjs says what failed)")
}

const build = () => {
  const stamp = stampOf("build-stamp")
  const { hash, outputsMissing } = buildState()
  if (!outputsMissing && stamp.is(hash)) return
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const projects = rooms().flatMap(buildProjects)
  // With outputs gone but its .tsbuildinfo still there, an incremental tsc would hold itself up to date.
  const force = outputsMissing ? ["--force"] : []
  run("tsc -b", process.execPath, [tsc, "-b", ...force, ...projects])
  stamp.set(hash)
}

checkNode()
for (const step of [install, addon, build]) step()

// Each package is packed, checked with publint and attw, and used from its tarball in an empty folder: every entry
// point imported by Node, and type-checked by tsc as a user would, without this repository's export condition. The
// package with native code is packed with its binary for this platform, and used where there is no compiler.
import { spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { prebuild, sockets } from "./addon.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tool = (path) => join(root, "node_modules", path)
let failures = 0

const run = (what, command, args, options = {}) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options })
  const ok = status === 0
  console.log(`${ok ? "ok  " : "FAIL"} ${what}`)
  if (!ok) {
    failures += 1
    console.error([error?.message, stdout, stderr].filter(Boolean).join("\n"))
  }
  return { ok, stdout }
}

const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"))

const packages = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "package.json")))
  .map((name) => {
    const folder = join(root, "packages", name)
    const modules = readdirSync(join(folder, "src")).filter((file) => file.endsWith(".ts") && file !== "index.ts")
    return { folder, manifest: readJson(folder, "package.json"), modules: modules.map((file) => file.slice(0, -3)) }
  })

/** The binary for this platform, by its path in the package. */
const makeBinary = () => {
  const { ok, output, made } = prebuild()
  console.log(`${ok ? "ok  " : "FAIL"} prebuild @ductworks/sockets`)
  if (ok) return made
  failures += 1
  console.error(output)
  return "prebuilds"
}

const pack = ({ folder, manifest }, binary, destination) => {
  const packed = run(`npm pack ${manifest.name}`, "npm", ["pack", "--json", "--pack-destination", destination], {
    cwd: folder
  })
  if (!packed.ok) return []
  const [{ filename, files }] = Object.values(JSON.parse(packed.stdout))
  const paths = files.map(({ path }) => path)
  const wanted = ["LICENSE", ...(folder === sockets ? [binary] : [])]
  const expected = /^(dist|src)\/|^prebuilds\/[^/]+\/[^/]+\.node$|^(package\.json|LICENSE|README\.md)$/
  const stray = paths.filter((path) => !expected.test(path))
  const missing = wanted.filter((path) => !paths.includes(path))
  if (stray.length > 0 || missing.length > 0) {
    failures += 1
    console.error(`${manifest.name}: in the tarball unexpected: ${stray.join(", ")}; missing: ${missing.join(", ")}`)
  }
  return [join(destination, filename)]
}

const inspect = ({ manifest, modules }, tarball) => {
  run(`publint ${manifest.name}`, process.execPath, [tool("publint/src/cli.js"), "run", "--strict", tarball])
  run(`attw ${manifest.name}`, process.execPath, [
    tool("@arethetypeswrong/cli/dist/index.js"),
    tarball,
    "--profile",
    "esm-only",
    "--no-emoji",
    "--entrypoints",
    ".",
    ...modules
  ])
}

/** The native layer, with nothing on the PATH but Node: what is loaded came in the tarball. */
const useNative = (home) => {
  const path = join(home, "path")
  mkdirSync(path)
  symlinkSync(process.execPath, join(path, "node"))
  const program = `
    import { NativeSockets, Sock, SocketConstants, SocketTransport } from "@ductworks/sockets"
    import * as Effect from "effect/Effect"
    import * as Layer from "effect/Layer"

    const echo = Effect.gen(function* () {
      const { socketpair } = yield* Sock.Sockets
      const [one, two] = yield* socketpair()
      yield* one.send(new TextEncoder().encode("hello"))
      const received = new TextDecoder().decode(yield* two.recvExact(5))
      if (received !== "hello") throw new Error(received)
    })
    const both = Layer.merge(NativeSockets.layer, SocketTransport.layer)
    await Effect.runPromise(Effect.scoped(echo).pipe(Effect.provide(both)))
    if (SocketConstants.SO.REUSEADDR < 0) throw new Error("no constants")`
  writeFileSync(join(home, "native.js"), program)
  run("the native sockets work without a compiler", process.execPath, ["native.js"], { cwd: home, env: { PATH: path } })
}

/** What a user has to install beside the packages: their peers, at the versions this repository is tested with. */
const peers = () => {
  const names = new Set([
    ...packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {})),
    "@types/node"
  ])
  const foreign = [...names].filter((name) => !packages.some(({ manifest }) => manifest.name === name))
  return Object.fromEntries(foreign.map((name) => [name, readJson(tool(name), "package.json").version]))
}

const use = (home, tarballs) => {
  // Some of them are packages of this repository.
  const optional = new Set(packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependenciesMeta ?? {})))
  const indexes = packages.map(({ manifest }) => manifest.name).filter((name) => !optional.has(name))
  const everything = packages.flatMap(({ manifest, modules }) => [
    manifest.name,
    ...modules.map((module) => `${manifest.name}/${module}`)
  ])
  const dependencies = Object.fromEntries(tarballs.map((file, at) => [packages[at].manifest.name, `file:${file}`]))
  writeFileSync(
    join(home, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: { ...dependencies, ...peers() } })
  )
  const install = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
  if (!run("install the tarballs in an empty folder", "npm", install, { cwd: home }).ok) return

  const program = (entries) =>
    [
      ...entries.map((entry, at) => `import * as m${at} from ${JSON.stringify(entry)}`),
      `const loaded = [${entries.map((_, at) => `m${at}`).join(", ")}]`,
      // A module of types alone exports nothing at run time; an index always does.
      entries === indexes &&
        `if (loaded.some((m) => Object.keys(m).length === 0)) throw new Error("an index is empty")`,
      `for (const entry of ${JSON.stringify(entries)})`,
      `  if (!import.meta.resolve(entry).includes("/dist/")) throw new Error(entry + " does not resolve to dist")`
    ]
      .filter(Boolean)
      .join("\n")
  writeFileSync(join(home, "indexes.js"), program(indexes))
  writeFileSync(join(home, "everything.js"), program(everything))

  const away = (name) => join(home, "node_modules", `.away-${name.replace("/", "-")}`)
  for (const name of optional) renameSync(join(home, "node_modules", name), away(name))
  run("every index loads without the optional peers", process.execPath, ["indexes.js"], { cwd: home })
  for (const name of optional) renameSync(away(name), join(home, "node_modules", name))
  run("every entry point loads", process.execPath, ["everything.js"], { cwd: home })
  useNative(home)

  const compilerOptions = {
    ...{ target: "ES2022", lib: ["ES2023"], module: "NodeNext", strict: true, exactOptionalPropertyTypes: true },
    ...{ types: ["node"], noEmit: true, skipLibCheck: false }
  }
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["everything.ts"] }))
  const types = everything.map(
    (entry, at) => `import type * as m${at} from ${JSON.stringify(entry)}\nexport type { m${at} }`
  )
  writeFileSync(join(home, "everything.ts"), types.join("\n"))
  run("every entry point type-checks", process.execPath, [tool("typescript/bin/tsc"), "-p", home], { cwd: home })
}

const home = mkdtempSync(join(tmpdir(), "ductworks-package-"))
try {
  const destination = join(home, "tarballs")
  mkdirSync(destination)
  const binary = makeBinary()
  const tarballs = packages.flatMap((each) => pack(each, binary, destination))
  if (tarballs.length === packages.length) {
    packages.forEach((each, at) => inspect(each, tarballs[at]))
    mkdirSync(join(home, "user"))
    use(join(home, "user"), tarballs)
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
process.exit(failures === 0 ? 0 : 1)

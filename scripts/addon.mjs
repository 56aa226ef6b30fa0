// Builds the addon of packages/sockets. As a program, `node scripts/addon.mjs` puts it where the package finds it in a
// clone; with `--prebuild` it makes the binary that is published. Set-up runs it, so it imports nothing but Node's own
// modules.
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { arch, argv, env, execPath, exit, platform } from "node:process"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, "node_modules", ".cache", "ductworks")
const tool = (path) => join(root, "node_modules", path)

export const sockets = join(root, "packages", "sockets")
export const sources = join(sockets, "binding")
export const installed = join(sockets, "build", "Release", "ductworks_sockets.node")

/** Headers that came with this very Node need no download; else npm's nodedir counts, else node-gyp finds some. */
const headers = () => {
  const prefix = dirname(dirname(execPath))
  return existsSync(join(prefix, "include", "node", "node_api.h")) ? { npm_config_nodedir: prefix } : {}
}

const run = (program, args, extra = {}) => {
  const { status, stdout, stderr, error } = spawnSync(execPath, [program, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...env, ...headers(), ...extra }
  })
  return { ok: status === 0, output: [error?.message, stdout, stderr].filter(Boolean).join("\n") }
}

/** A folder with nothing in it but the sources: node-gyp builds beside them, and clears what it finds there. */
const fresh = (name) => {
  const folder = join(cache, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  cpSync(sources, folder, { recursive: true, filter: (path) => path !== join(sources, "build") })
  return folder
}

/** Builds into the cache's folder `name`; `flags` are CFLAGS and LDFLAGS, and `edit` may change the copied sources before. */
export const compile = (name, flags = {}, edit = () => {}) => {
  const folder = fresh(name)
  edit(folder)
  const { ok, output } = run(tool("node-gyp/bin/node-gyp.js"), ["rebuild", "-C", folder], flags)
  return { ok, output, folder, file: join(folder, "build", "Release", "ductworks_sockets.node") }
}

/** Whole or not at all: a process that has the old one loaded keeps it. */
const install = (file) => {
  mkdirSync(dirname(installed), { recursive: true })
  cpSync(file, `${installed}.new`)
  renameSync(`${installed}.new`, installed)
}

/** Builds for this working copy; the output of what failed. */
export const build = () => {
  const { ok, output, file } = compile("addon")
  if (ok) install(file)
  return { ok, output }
}

/** Builds what is published for this platform: one file in packages/sockets/prebuilds/<platform>-<arch>, `made`. */
export const prebuild = () => {
  const folder = fresh("prebuild")
  const target = join("prebuilds", `${platform}-${arch}`)
  const options = ["--napi", "--strip", "--tag-libc", "--name", "@ductworks/sockets", "--cwd", folder, "--out", sockets]
  rmSync(join(sockets, target), { recursive: true, force: true })
  const { ok, output } = run(tool("prebuildify/bin.js"), options)
  const [made, ...others] = existsSync(join(sockets, target)) ? readdirSync(join(sockets, target)) : []
  return { ok: ok && made !== undefined && others.length === 0, output, made: `${target}/${made}` }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, output } = platform === "win32" ? { ok: true } : argv.includes("--prebuild") ? prebuild() : build()
  if (!ok) console.error(output)
  exit(ok ? 0 : 1)
}

import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

const sources = fileURLToPath(new URL("../c/", import.meta.url))
const build = fileURLToPath(new URL("../build/c/", import.meta.url))
const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"]

/** Where the program of that name is once it is compiled. */
export const programPath = (name: string): string => join(build, name)

/** Compiles the C contenders, those that changed. Without a compiler they are not there, and are left out. */
export const compile = (): void => {
  if (spawnSync("cc", ["--version"]).status !== 0) return
  mkdirSync(build, { recursive: true })
  const newest = Math.max(...readdirSync(sources).map((file) => changed(join(sources, file))))
  for (const file of readdirSync(sources).filter((name) => name.endsWith(".c"))) {
    const program = programPath(basename(file, ".c"))
    if (changed(program) > newest) continue
    const { status } = spawnSync("cc", [...flags, "-o", program, join(sources, file)], { stdio: ["ignore", 2, 2] })
    if (status !== 0) throw new Error(`cc could not compile ${file}`)
  }
}

const changed = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

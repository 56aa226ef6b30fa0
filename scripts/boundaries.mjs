// The rules of .dependency-cruiser.cjs, and that each package.json names exactly what its sources import.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const problems = []

const cruise = () => {
  const bin = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs")
  const rooms = ["packages", "examples", "benchmarks"].filter((room) => existsSync(join(root, room)))
  const { status, error } = spawnSync(process.execPath, [bin, ...rooms, "--output-type", "err"], {
    cwd: root,
    stdio: "inherit"
  })
  if (status !== 0)
    problems.push(`dependency-cruiser found violations${error === undefined ? "" : `: ${error.message}`}`)
}

/** Package names that the sources under the folder import, types too, since those reach the .d.ts files. */
const importedBy = (folder) => {
  const names = new Set()
  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts"))) {
    for (const { fileName } of ts.preProcessFile(readFileSync(join(folder, file), "utf8")).importedFiles) {
      if (fileName.startsWith(".") || isBuiltin(fileName)) continue
      names.add(fileName.split("/", fileName.startsWith("@") ? 2 : 1).join("/"))
    }
  }
  return names
}

const checkManifest = (name) => {
  const folder = join(root, "packages", name)
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const { dependencies = {}, peerDependencies = {}, version } = manifest
  const imported = importedBy(join(folder, "src"))
  const declared = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)])
  const say = (text) => problems.push(`packages/${name}/package.json: ${text}`)
  for (const used of imported) {
    if (used !== manifest.name && !declared.has(used)) say(`src imports ${used}, which is neither dependency nor peer`)
  }
  for (const unused of declared) if (!imported.has(unused)) say(`${unused} is declared, but src does not import it`)
  for (const [used, range] of Object.entries(dependencies)) {
    if (/^(effect|@effect\/.*)$/.test(used)) say(`${used} must be a peer: two copies of Effect do not mix`)
    if (used.startsWith("@ductworks/") && range !== version) say(`${used} is ${range}, but the packages move together`)
  }
}

cruise()
for (const name of readdirSync(join(root, "packages"))) {
  if (existsSync(join(root, "packages", name, "package.json"))) checkManifest(name)
}
for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)

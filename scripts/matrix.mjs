// `npm run test:matrix [-- 22 24]`: the suite under every supported Node. The binaries come from the npm packages
// node-<platform>-<arch>, fetched once into the cache; processes that tests spawn use process.execPath, or `node` from
// the PATH, which is the same binary.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const supported = ["20", "22", "24", "26"]
const platform = process.platform === "win32" ? "win" : process.platform
const name = `node-${platform}-${process.arch}`

const binary = (major) => {
  const home = join(root, "node_modules", ".cache", "ductworks", `node-${major}`)
  const file = join(home, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node")
  if (existsSync(file)) return file
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true }))
  const args = ["install", `${name}@${major}`, "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
  spawnSync("npm", args, { cwd: home, stdio: "inherit", shell: process.platform === "win32" })
  return existsSync(file) ? file : undefined
}

const runSuite = (file) => {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
  const env = { ...process.env, PATH: `${dirname(file)}${delimiter}${process.env.PATH}` }
  return spawnSync(file, [vitest, "run", "--reporter=dot"], { cwd: root, env, stdio: "inherit" }).status === 0
}

const given = process.argv.slice(2)
const majors = given.length === 0 ? supported : given
const results = majors.map((major) => {
  const file = binary(major)
  const version = file && spawnSync(file, ["--version"], { encoding: "utf8" }).stdout?.trim()
  if (!version) return [`Node ${major}: no binary from ${name}@${major}`, false]
  console.log(`\n--- Node ${version}`)
  const ok = runSuite(file)
  return [`Node ${version}: ${ok ? "passed" : "FAILED"}`, ok]
})
console.log(`\n${results.map(([line]) => line).join("\n")}`)
process.exit(results.every(([, ok]) => ok) ? 0 : 1)

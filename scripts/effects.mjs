// Effect's own diagnostics over the whole workspace: a floating Effect is an error, and so are warnings.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const severities = {
  floatingEffect: "error",
  missingReturnYieldStar: "error",
  missingStarInYieldEffectGen: "error",
  lazyPromiseInEffectSync: "error",
  effectInVoidSuccess: "error",
  returnEffectInGen: "error",
  unsafeEffectTypeAssertion: "error",
  // These retell tsc's own errors, and see some in generic code that tsc does not.
  missingEffectContext: "off",
  missingEffectError: "off",
  missingLayerContext: "off",
  // Subclasses of Error are fine inside; what leaves a package is a tagged error, which its types say.
  globalErrorInEffectFailure: "off",
  // The entry points and the tests provide several layers on purpose, each where it is shown.
  multipleEffectProvide: "off"
}

// Fixtures are projects of their own, and go in a run of their own: the tool (0.87) lets go of a project at the first file
// of another one, and fails when a file of the first comes again.
const projects = ["scripts/tsconfig.effects.json", "packages/platform-node/tsconfig.fixtures.json"].filter((project) =>
  existsSync(join(root, project))
)

const cli = join(root, "node_modules/@effect/language-service/cli.js")
const options = ["--format", "text", "--severity", "error,warning", "--strict"]
const config = ["--lspconfig", JSON.stringify({ diagnosticSeverity: severities })]

const statuses = projects.map((project) => {
  const args = [cli, "diagnostics", "--project", join(root, project), ...options, ...config]
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" })
  if (error !== undefined) console.error(error.message)
  return status ?? 1
})
process.exit(Math.max(...statuses))

// Effect's own diagnostics over the whole workspace: a floating Effect is an error, and so are warnings.
import { spawnSync } from "node:child_process"
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

const { status, error } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/@effect/language-service/cli.js"),
    "diagnostics",
    "--project",
    join(root, "scripts/tsconfig.lint.json"),
    "--format",
    "text",
    "--severity",
    "error,warning",
    "--strict",
    "--lspconfig",
    JSON.stringify({ diagnosticSeverity: severities })
  ],
  { cwd: root, stdio: "inherit" }
)
if (error !== undefined) console.error(error.message)
process.exit(status ?? 1)

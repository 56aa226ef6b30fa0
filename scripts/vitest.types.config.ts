import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** The type-level tests of all packages in one run of tsc. Of their own, since projects of a workspace ignore `--typecheck`. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    name: "types",
    include: [],
    typecheck: {
      enabled: true,
      // `tsc -b` reports these, file by file.
      ignoreSourceErrors: true,
      only: true,
      include: ["packages/*/test/**/*.test-d.ts"],
      tsconfig: "scripts/tsconfig.lint.json"
    }
  }
})

import { fileURLToPath } from "node:url"
import { mergeConfig } from "vitest/config"
import { project } from "../vitest.shared.js"

/** The tests that need a browser, apart from `npm test`; `scripts/browser.mjs` runs them. */
export default mergeConfig(project("browser"), {
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: { include: ["examples/test/**/*.browser.ts"], testTimeout: 60_000, hookTimeout: 60_000 }
})

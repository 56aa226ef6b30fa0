// Prints the totals of a vitest JSON report as one line. A file that could not be loaded has no tests to count, so it
// counts as one failure.
import { existsSync, readFileSync } from "node:fs"

const [file] = process.argv.slice(2)
if (file === undefined || !existsSync(file)) {
  console.log("the test runner wrote no report")
  process.exit(1)
}
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
  readFileSync(file, "utf8")
)
const unloaded = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0
)
const failed = numFailedTests + unloaded.length
const skipped = numPendingTests + numTodoTests
console.log(`${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
process.exit(failed === 0 && numPassedTests > 0 ? 0 : 1)

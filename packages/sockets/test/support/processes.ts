import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The compiled program `fixtures/<name>`; the tests themselves run from their sources. */
const compiled = (name: string): string =>
  fileURLToPath(new URL(`../../build/test/fixtures/${name}.js`, import.meta.url))

/** What a program of the fixtures prints until it ends by itself; it fails unless that is with code 0. */
export const fixtureOf = (
  name: string,
  args: ReadonlyArray<string> = [],
  { openFiles }: { readonly openFiles?: number } = {}
): Effect.Effect<string, Error> =>
  Effect.async((resume) => {
    const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles}; `
    const child = spawn("sh", ["-c", `${limit}exec "$0" "$@"`, process.execPath, compiled(name), ...args], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text))
    child.once("close", (code) =>
      resume(code === 0 ? Effect.succeed(printed) : Effect.fail(new Error(`${name} ended with ${code}: ${printed}`)))
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

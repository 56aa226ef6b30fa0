/**
 * A fresh interpreter as the child: once Node, once Python with nothing but its standard library. `NodeChild` (see
 * `restart` and `count`) does more for children of one's own; this is the way of a child that is started by hand.
 *
 *   npm run build && node examples/dist/ex05-subprocess/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { program } from "./program.js"

const nodeChild = fileURLToPath(new URL("./child.js", import.meta.url))
const pythonChild = fileURLToPath(new URL("../../python/echo.py", import.meta.url))

const echo = (name: string, interpreter: string, script: ReadonlyArray<string>) =>
  program(interpreter, script).pipe(
    Effect.flatMap(({ bound, echoes, exitCode }) =>
      Console.log(`${name} at ${bound}: ${echoes} of 100 echoes, exit code ${exitCode}`)
    )
  )

const main = Effect.gen(function* () {
  yield* echo("Node", process.execPath, [nodeChild])
  yield* echo("Python", "python3", ["-B", pythonChild]).pipe(
    Effect.catchIf(
      (error) => error._tag === "SystemError" && error.reason === "NotFound",
      () => Console.log("Python: there is no python3 here, so its half of this example was left out")
    )
  )
})

NodeRuntime.runMain(main.pipe(Effect.provide(NodeTransport.layer), Effect.provide(NodeContext.layer)))

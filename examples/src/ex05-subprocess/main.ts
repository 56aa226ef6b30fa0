/**
 * A fresh interpreter as the child: once Node, once Python with nothing but its standard library. First started by hand,
 * with the address as an argument (program.ts), then by `NodeChild`, which leaves it a connected descriptor
 * (inherited.ts).
 *
 *   npm run build && node examples/dist/ex05-subprocess/main.js
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { inherited } from "./inherited.js"
import { program } from "./program.js"

const nodeChild = fileURLToPath(new URL("./child.js", import.meta.url))
const pythonChild = fileURLToPath(new URL("../../python/echo.py", import.meta.url))

const echo = (name: string, interpreter: string, script: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const byHand = yield* program(interpreter, script)
    yield* Console.log(`${name} at ${byHand.bound}: ${byHand.echoes} of 100 echoes, exit code ${byHand.exitCode}`)
    const { echoes, exitCode } = yield* inherited(interpreter, script)
    yield* Console.log(`${name} at fd:3: ${echoes} of 100 echoes, exit code ${exitCode}`)
  })

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

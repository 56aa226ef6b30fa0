/**
 * Another process inherits both ends of a pair. A duct that is closed without `shutdown` goes on living in the processes
 * that inherited its descriptor: the original closes its child end at once and still receives from it.
 *
 *   npm run build && node examples/dist/ex08-inherited/main.js
 */
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Fiber } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("./child.js", import.meta.url))

const program = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()
  const parentEnd = yield* parent.fileno
  const childEnd = yield* child.fileno

  // In the other process they are descriptors 3 and 4.
  const other = spawn(process.execPath, [script], { stdio: ["inherit", "inherit", "inherit", parentEnd, childEnd] })
  const exit = yield* Effect.fork(
    Effect.async<number | null, Error>((resume) => {
      other.once("exit", (code) => resume(Effect.succeed(code)))
      other.once("error", (error) => resume(Effect.fail(error)))
    })
  )

  yield* child.close()
  yield* Console.log("original: closed its child end")
  const message = yield* parent.recv
  yield* Console.log(`original: received ${JSON.stringify(message)}`)
  const end = yield* Effect.flip(parent.recv)
  yield* Console.log(`original: then ${end._tag}`)
  const code = yield* Fiber.join(exit)
  yield* Console.log(`original: the other process ended with ${code}`)
}).pipe(Effect.scoped)

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))

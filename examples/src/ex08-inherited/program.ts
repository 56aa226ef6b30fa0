import { MessageDuct } from "@ductworks/message"
import { Console, Effect, Fiber } from "effect"
import { spawn } from "node:child_process"

/** Starts the script of the other process, which inherits both ends of a pair. */
export const program = (script: string) =>
  Effect.gen(function* () {
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
    return { message, end: end._tag, code }
  }).pipe(Effect.scoped)

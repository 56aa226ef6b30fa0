/**
 * A child that crashes is started again, with a Schedule that waits longer each time and gives up in the end. What has
 * been answered stays answered: the next child goes on with the rest.
 *
 *   npm run build && node examples/dist/restart/main.js
 */
import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Schedule } from "effect"
import { fileURLToPath } from "node:url"
import { Squares } from "./contract.js"

const command = Command.make(process.execPath, fileURLToPath(new URL("./child.js", import.meta.url)))

const restarts = Schedule.exponential("50 millis").pipe(Schedule.intersect(Schedule.recurs(5)))

const main = Effect.gen(function* () {
  const squares: Array<number> = []

  const oneChild = Effect.gen(function* () {
    const child = yield* NodeChild.spawn(Squares, command)
    while (squares.length < 5) {
      yield* child.send(squares.length + 1)
      squares.push(yield* child.recv)
    }
  }).pipe(Effect.scoped)

  yield* oneChild.pipe(
    Effect.tapError((error) => Console.log(`${error._tag} after ${squares.length} squares; starting another child`)),
    // It crashed (ChildExited), or that was noticed by sending to it. Anything else would not go away.
    Effect.retry({
      schedule: restarts,
      while: (error) => error._tag === "ChildExited" || error._tag === "RemoteDuctClosed"
    })
  )
  yield* Console.log(`squares: ${squares.join(", ")}`)
})

NodeRuntime.runMain(main)

import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import { ActAfter } from "./support/actAfter.js"
import { scripted } from "./support/scripted.js"

const one = [Uint8Array.of(1)] as const

it.scopedLive("a close at any point of a pull that finds bytes gives the bytes or DuctClosed, never a defect", () =>
  Effect.gen(function* () {
    const seen = new Set<string>()
    for (let operations = 0, isOver = false; !isOver; operations++) {
      const { connection, driver } = yield* scripted()
      driver.arrive(one)
      const scheduler = new ActAfter(operations, () => void Effect.runFork(connection.abort))
      const exit = yield* Effect.flatMap(Effect.fork(Effect.withScheduler(connection.pull, scheduler)), Fiber.await)
      if (Exit.isSuccess(exit)) assert.deepStrictEqual(exit.value, one)
      seen.add(Exit.isSuccess(exit) ? "bytes" : Cause.isFailure(exit.cause) ? "error" : "defect")
      isOver = !scheduler.hasActed
    }
    assert.deepStrictEqual([...seen].sort(), ["bytes", "error"])
  })
)

import { Connection } from "@ductworks/core"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Scheduler } from "effect"
import { scripted } from "./support/scripted.js"

const one = [Uint8Array.of(1)] as const

/** Closes the connection before the fiber's operation after so many. */
class CloseAfter implements Scheduler.Scheduler {
  isClosed = false

  constructor(
    private operations: number,
    private readonly connection: Connection.Connection
  ) {}

  shouldYield(): number | false {
    if (this.operations-- === 0) {
      this.isClosed = true
      Effect.runFork(this.connection.abort)
    }
    return false
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: Fiber.RuntimeFiber<unknown, unknown>): void {
    Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
}

it.scopedLive("a close at any point of a pull that finds bytes gives the bytes or DuctClosed, never a defect", () =>
  Effect.gen(function* () {
    const seen = new Set<string>()
    for (let operations = 0, isOver = false; !isOver; operations++) {
      const { connection, driver } = yield* scripted()
      driver.arrive(one)
      const scheduler = new CloseAfter(operations, connection)
      const exit = yield* Effect.flatMap(Effect.fork(Effect.withScheduler(connection.pull, scheduler)), Fiber.await)
      if (Exit.isSuccess(exit)) assert.deepStrictEqual(exit.value, one)
      seen.add(Exit.isSuccess(exit) ? "bytes" : Cause.isFailure(exit.cause) ? "error" : "defect")
      isOver = !scheduler.isClosed
    }
    assert.deepStrictEqual([...seen].sort(), ["bytes", "error"])
  })
)

import { NodeChild } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { Work } from "./fixtures/child/contract.js"
import { shell, turn, worker } from "./fixtures/child/support.js"

describe("NodeChild.spawn, output", () => {
  it.scopedLive("is a stream on request, to its last byte, and after the exit too", () =>
    Effect.gen(function* () {
      const script = "printf out; printf err >&2; exit 3"
      const child = yield* NodeChild.spawnRaw(shell(script), { stdout: "pipe", stderr: "pipe" })
      assert.strictEqual((yield* child.exit).code, 3)
      // What Node would throw away now, since nobody has read it, would be gone after this.
      yield* turn
      yield* turn
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(child.stdout)), "out")
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(child.stderr)), "err")
    })
  )

  it.scopedLive("that nobody reads holds up its writer", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker(), { stdout: "pipe" })
      yield* child.send({ ask: "print", value: 16 * 1024 * 1024 })
      assert.isFalse(yield* child.poll("500 millis"))
      const size = yield* Effect.fork(Stream.runFold(child.stdout, 0, (sum, chunk) => sum + chunk.length))
      assert.strictEqual(yield* child.recv, "printed")
      yield* child.endWrite
      assert.strictEqual(yield* Fiber.join(size), 16 * 1024 * 1024)
    })
  )

  it.scopedLive("is empty where it was not asked for", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawnRaw(shell("printf out"), { stdout: "ignore" })
      assert.strictEqual(yield* Stream.runCount(child.stdout), 0)
      assert.isTrue(Option.isNone(yield* Stream.runHead(child.stderr)))
    })
  )
})

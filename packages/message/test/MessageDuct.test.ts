import { MessageDuct } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream, Chunk } from "effect"

describe("MessageDuct (memory)", () => {
  it.scoped("EX-1 a pair sends a message there and back", () =>
    Effect.gen(function* () {
      const [parent, child] = yield* MessageDuct.pair()
      for (const text of ["hello!", "hello world", "hello this is dog"]) {
        yield* parent.send(text)
        assert.isTrue(yield* child.poll("1 second"))
        const received = yield* child.recv
        assert.strictEqual(received, text)
        yield* child.send(received)
        assert.isTrue(yield* parent.poll("1 second"))
        assert.strictEqual(yield* parent.recv, text)
      }
      yield* parent.close()
      yield* child.close()
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
  it.scoped("stream", () =>
    Effect.gen(function* () {
      const [parent, child] = yield* MessageDuct.pair()
      const fiber = yield* Effect.fork(Stream.runCollect(child.stream))
      yield* parent.sendAll(Array.from({ length: 100000 }, (_, i) => ({ i, text: "hello world" })))
      yield* parent.endWrite
      const all = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
      assert.strictEqual(all.length, 100000)
      assert.deepStrictEqual(all[99999], { i: 99999, text: "hello world" })
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

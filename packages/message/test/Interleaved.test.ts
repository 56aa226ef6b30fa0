import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Stream } from "effect"

/** The effect, in a fiber that pauses some steps later than with one `start` less: at each of its points for some start. */
const pausing = <A, E, R>(effect: Effect.Effect<A, E, R>, start: number): Effect.Effect<A, E, R> => {
  const after = (steps: number): Effect.Effect<A, E, R> =>
    steps === 0 ? effect : Effect.flatMap(Effect.void, () => after(steps - 1))
  return Effect.withMaxOpsBeforeYield(
    Effect.suspend(() => after(1000 + start)),
    2030
  )
}

const yields = (count: number) => Effect.repeatN(Effect.yieldNow(), count)

describe("what comes between two steps of a fiber", () => {
  it.live("DW-33 a message that arrives just before a receive begins to wait wakes it, whoever waited before", () =>
    Effect.gen(function* () {
      for (let start = 0; start < 40; start++) {
        for (let pause = 0; pause < 6; pause++) {
          yield* Effect.gen(function* () {
            const [left, right] = yield* MessageDuct.pair()
            const { recv } = right
            const interrupted = yield* Effect.fork(recv)
            yield* yields(5)
            yield* Fiber.interrupt(interrupted)
            const receiving = yield* Effect.fork(pausing(recv, start))
            yield* yields(pause)
            yield* left.send("x")
            assert.strictEqual(yield* Fiber.join(receiving), "x")
          }).pipe(Effect.scoped)
        }
      }
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.live("DW-14 a graceful close delivers what was sent, also when another send comes while it is under way", () =>
    Effect.gen(function* () {
      for (let start = 0; start < 60; start++) {
        yield* Effect.gen(function* () {
          const parent = yield* MessageDuct.parent()
          yield* parent.bind()
          const child = yield* MessageDuct.child({ address: yield* parent.listenerAddress })
          yield* child.connect()
          yield* parent.listen()
          const receiving = yield* Effect.fork(Stream.runCollect(child.stream))
          yield* yields(5)
          const sent: Array<number> = []
          const send = (number: number) =>
            Effect.map(Effect.exit(parent.send(number)), (exit) => {
              if (Exit.isSuccess(exit)) sent.push(number)
            })
          const fibers = [
            yield* Effect.fork(Effect.zipRight(send(1), send(2))),
            yield* Effect.fork(pausing(parent.close(), start)),
            yield* Effect.fork(send(3))
          ]
          yield* Fiber.joinAll(fibers)
          assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(receiving)), sent)
        }).pipe(Effect.scoped)
      }
    }).pipe(Effect.provide(NodeTransport.layer))
  )

  for (const isInterrupted of [false, true]) {
    const fate = isInterrupted ? "is interrupted" : "waits"
    it.live(`DW-32 a send from within the messages of a sendAll has none of them, when it ${fate}`, () =>
      Effect.gen(function* () {
        const [left, right] = yield* MessageDuct.pair({ highWaterMark: 1 })
        const large = "n".repeat(20_000)
        const nested: Array<Fiber.RuntimeFiber<void, unknown>> = []
        const messages = function* () {
          yield "first"
          nested.push(Effect.runFork(left.send(large)))
          yield "second"
        }
        // So much is pending that both have to wait.
        const full = "x".repeat(200_000)
        const filling = yield* Effect.fork(left.send(full))
        yield* Effect.yieldNow()
        const sending = yield* Effect.fork(left.sendAll(messages()))
        yield* yields(5)
        if (isInterrupted) yield* Fiber.interruptAll(nested)
        const expected = new Set(isInterrupted ? [full, "first", "second"] : [full, "first", "second", large])
        const received: Array<unknown> = []
        while (received.length < expected.size) received.push(yield* right.recv)
        yield* Fiber.joinAll([filling, sending])
        if (!isInterrupted) yield* Fiber.joinAll(nested)
        assert.deepStrictEqual(new Set(received), expected)
        assert.isBelow(received.indexOf("first"), received.indexOf("second"))
        assert.isFalse(yield* right.poll(0))
      }).pipe(Effect.scoped, Effect.provide(MemoryTransport.layer))
    )
  }
})

import { DuctError } from "@ductworks/core"
import { MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Context, Deferred, Duration, Effect, Fiber, Ref, Schema, Stream, TestClock } from "effect"
import { byHand, connected, frameOf, json, over, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)
const here = { anywhere: {} }

describe("receiving messages", () => {
  over("DW-40 poll is true when a whole message or the end is here, and consumes nothing", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      assert.isFalse(yield* duct.poll(0))
      assert.isFalse(yield* duct.poll("2 millis"))
      const bytes = json("one", "two")
      yield* hand.sendAll(bytes.subarray(0, 7))
      yield* turn
      assert.isFalse(yield* duct.poll("2 millis"))
      const waiting = yield* Effect.fork(duct.poll(Duration.infinity))
      yield* hand.sendAll(bytes.subarray(7))
      assert.isTrue(yield* Fiber.join(waiting))
      for (const word of ["one", "two"]) {
        assert.isTrue(yield* duct.poll(0))
        assert.isTrue(yield* duct.poll())
        assert.strictEqual(yield* duct.recv, word)
      }
      assert.isFalse(yield* duct.poll(0))
      yield* hand.close()
      assert.isTrue(yield* duct.poll())
      assert.isTrue(yield* duct.poll(0))
      assert.instanceOf(yield* Effect.flip(duct.recv), DuctError.RemoteDuctClosed)
      assert.isTrue(yield* duct.poll(0))
    })
  )

  it.scoped("DW-40 poll waits 60 seconds by default, and half a message does not prolong it (memory)", () =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(here)
      const waiting = yield* Effect.fork(duct.poll())
      for (const byte of json("x").subarray(0, 5)) {
        yield* TestClock.adjust("10 seconds")
        yield* hand.sendAll(Uint8Array.of(byte))
      }
      yield* TestClock.adjust("9999 millis")
      assert.isNull(waiting.unsafePoll())
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* Fiber.join(waiting))
      yield* hand.sendAll(json("x").subarray(5))
      assert.strictEqual(yield* duct.recv, "x")
    }).pipe(memory)
  )

  over("DW-33 recvAll gives all messages that are here, up to one that does not decode", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      const all = Buffer.concat([json(1, 2), frameOf("{"), json(3), frameOf("}"), frameOf("]"), json(4, 5)])
      yield* hand.sendAll(all)
      const seen: Array<unknown> = []
      while (seen.at(-1) !== 5) {
        const got = yield* Effect.either(duct.recvAll)
        if (got._tag === "Right") seen.push(...got.right)
        else seen.push(got.left._tag)
      }
      assert.deepStrictEqual(seen, [1, 2, "DeserializeError", 3, "DeserializeError", "DeserializeError", 4, 5])
      yield* hand.close()
      assert.instanceOf(yield* Effect.flip(duct.recvAll), DuctError.RemoteDuctClosed)
    })
  )

  over("DW-33 M-13 an undecodable message is an error of its own; the next one still arrives", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      yield* hand.sendAll(Buffer.concat([frameOf("not json"), json("good")]))
      assert.isTrue(yield* duct.poll())
      const error = yield* Effect.flip(duct.recv)
      assert.instanceOf(error, MessageError.DeserializeError)
      assert.strictEqual(error.size, 8)
      assert.strictEqual(yield* duct.recv, "good")
    })
  )

  over("DW-25 stream ends at a clean close and sink sends; an error in the middle ends the stream", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const messages = Array.from({ length: 5000 }, (_, i) => ({ i, text: "message" }))
      const sending = yield* Effect.fork(
        Effect.zipRight(Stream.run(Stream.fromIterable(messages), child.sink), child.endWrite)
      )
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(parent.stream)), messages)
      yield* Fiber.join(sending)

      const { duct, hand } = yield* byHand(kind)
      yield* hand.sendAll(Buffer.concat([json(1), frameOf("?"), json(2)]))
      yield* hand.close()
      const seen = yield* Ref.make<ReadonlyArray<unknown>>([])
      const note = (message: unknown) => Ref.update(seen, (before) => [...before, message])
      const error = yield* Effect.flip(Stream.runForEach(duct.stream, note))
      assert.instanceOf(error, MessageError.DeserializeError)
      yield* Stream.runForEach(duct.stream, note)
      assert.deepStrictEqual(yield* Ref.get(seen), [1, 2])
    })
  )

  over("DW-32 sendAll draws an endless iterable as it can be sent, and closes it when it is interrupted", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      let drawn = 0
      let isClosed = false
      const numbers = function* () {
        try {
          for (;;) yield { number: drawn++, padding: "x".repeat(1000) }
        } finally {
          isClosed = true
        }
      }
      const sending = yield* Effect.fork(child.sendAll(numbers()))
      for (let i = 0; i < 2000; i++) {
        const message = yield* parent.recv
        assert.deepInclude(message, { number: i })
      }
      yield* Fiber.interrupt(sending)
      assert.isTrue(isClosed)
      // Bounded by the buffers of both ends and of the system, not by what the iterable has to give.
      assert.isBelow(drawn, 32_000)
    })
  )

  over("DW-10 a second concurrent receive is DuctBusy, and the turn comes back after every end", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind, { timeout: "3 millis" })
      const receives: ReadonlyArray<Effect.Effect<unknown, MessageError.RecvError>> = [
        duct.recv,
        duct.recvAll,
        duct.poll(Duration.infinity),
        Stream.runDrain(duct.stream)
      ]
      for (const first of receives) {
        const waiting = yield* Effect.fork(first)
        yield* turn
        for (const second of receives) assert.instanceOf(yield* Effect.flip(second), DuctError.DuctBusy)
        yield* Fiber.interrupt(waiting)
      }
      yield* hand.sendAll(Buffer.concat([frameOf("bad"), json("good").subarray(0, 6)]))
      assert.instanceOf(yield* Effect.flip(duct.recv), MessageError.DeserializeError)
      assert.instanceOf(yield* Effect.flip(duct.recv), DuctError.DuctTimeout)
      // Other fibers, which were never the one that held the turn.
      assert.isFalse(yield* Fiber.join(yield* Effect.fork(duct.poll(0))))
      yield* hand.sendAll(json("good").subarray(6))
      assert.strictEqual(yield* Fiber.join(yield* Effect.fork(duct.recv)), "good")
    })
  )

  over("DW-14 close wakes a waiting receive with DuctClosed", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const waiting = yield* Effect.forEach([parent.recv, parent.poll()], (one) => Effect.fork(Effect.flip(one)))
      const other = yield* Effect.fork(Effect.flip(child.recv))
      yield* turn
      yield* parent.close()
      const tags = (yield* Fiber.join(Fiber.all(waiting))).map(({ _tag }) => _tag)
      assert.sameMembers(tags, ["DuctClosed", "DuctBusy"])
      assert.instanceOf(yield* Fiber.join(other), DuctError.RemoteDuctClosed)
    })
  )
})

class Key extends Context.Tag("test/Key")<Key, { readonly shift: number }>() {}

/** Numbers that travel shifted by a service's key, with an asynchronous step on the way. */
const Shifted = Schema.transformOrFail(Schema.Number, Schema.Number, {
  strict: true,
  decode: (n) =>
    Effect.zipRight(
      Effect.yieldNow(),
      Effect.map(Key, ({ shift }) => n - shift)
    ),
  encode: (n) =>
    Effect.zipRight(
      Effect.yieldNow(),
      Effect.map(Key, ({ shift }) => n + shift)
    )
})

describe("formats with Effects", () => {
  over("DW-31 a Schema with effectful transformations and services works, one by one and all at once", (kind) =>
    Effect.gen(function* () {
      const serializer = Serializer.jsonSchema(Shifted)
      const parent = yield* MessageDuct.parent({ ...kind.anywhere, serializer })
      yield* parent.bind()
      const child = yield* MessageDuct.child({ address: yield* parent.listenerAddress, serializer })
      yield* child.connect()
      yield* parent.listen()
      yield* child.sendAll([1, 2, 3])
      yield* child.send(4)
      yield* child.endWrite
      assert.strictEqual(yield* parent.recv, 1)
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(parent.stream)), [2, 3, 4])
    }).pipe(Effect.provideService(Key, { shift: 1000 }))
  )

  it.scoped("M-8 an interruption during an effectful decode keeps the message (memory)", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const slow = Serializer.makeEffect({
        name: "slow",
        encode: (text: string) => Effect.succeed(text),
        decode: (payload) =>
          Deferred.succeed(started, undefined).pipe(
            Effect.zipRight(Deferred.await(gate)),
            Effect.as(new TextDecoder().decode(payload))
          )
      })
      const [left, right] = yield* MessageDuct.pair({ serializer: slow })
      yield* left.sendAll(["one", "two"])
      const receiving = yield* Effect.fork(right.recv)
      yield* Deferred.await(started)
      yield* Fiber.interrupt(receiving)
      assert.isTrue(yield* right.poll(0))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* right.recv, "one")
      assert.deepStrictEqual(yield* right.recvAll, ["two"])
    }).pipe(memory)
  )
})

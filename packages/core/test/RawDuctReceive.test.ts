import { DuctError, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, Stream, TestClock } from "effect"
import { bytes, connected, over, text, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

/** A send that the other end has received, so that it need not wait. */
const arrive = (from: RawDuct.RawDuct, to: RawDuct.RawDuct, words: string) =>
  Effect.gen(function* () {
    yield* from.sendAll(bytes(words))
    let there = yield* to.recv(words.length, { peek: true, waitAll: true })
    assert.strictEqual((there = there.slice()).length, words.length)
  })

describe("receiving bytes", () => {
  over("DW-10 recv gives at most as many bytes as asked for, and none at the end", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      yield* arrive(child, parent, "hello world")
      assert.strictEqual(text(yield* parent.recv(5)), "hello")
      assert.strictEqual((yield* parent.recv(0)).length, 0)
      assert.strictEqual(text(yield* parent.recv(1)), " ")
      assert.strictEqual(text(yield* parent.recv(1000)), "world")
      yield* child.endWrite
      for (const flags of [{}, { waitAll: true }, { peek: true }, {}]) {
        assert.strictEqual((yield* parent.recv(10, flags)).length, 0)
      }
      yield* parent.sendAll(bytes("still"))
      assert.strictEqual(text(yield* child.recv(10)), "still")
    })
  )

  over("DW-10 peek leaves the bytes, waitAll waits for all, dontWait for none", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const early = yield* Effect.flip(parent.recv(1, { dontWait: true }))
      assert.deepStrictEqual(early, new DuctError.DuctTimeout({ operation: "recv", timeout: Duration.zero }))
      yield* arrive(child, parent, "abc")
      assert.strictEqual(text(yield* parent.recv(2, { peek: true })), "ab")
      assert.strictEqual(text(yield* parent.recv(9, { dontWait: true, waitAll: true, peek: true })), "abc")
      const waiting = yield* Effect.fork(parent.recv(6, { waitAll: true }))
      yield* turn
      assert.isNull(waiting.unsafePoll())
      yield* child.sendAll(bytes("def!"))
      assert.strictEqual(text(yield* Fiber.join(waiting)), "abcdef")
      assert.strictEqual(text(yield* parent.recv(9, { dontWait: true })), "!")
      yield* child.sendAll(bytes("rest"))
      yield* child.endWrite
      assert.strictEqual(text(yield* parent.recv(9, { waitAll: true })), "rest")
    })
  )

  over("DW-11 recvInto writes in place, and says how much", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      yield* arrive(child, parent, "0123456789")
      const buffer = bytes("........")
      assert.strictEqual(yield* parent.recvInto(buffer, { length: 3 }), 3)
      assert.strictEqual(text(buffer), "012.....")
      assert.strictEqual(yield* parent.recvInto(buffer.subarray(4), { flags: { peek: true } }), 4)
      assert.strictEqual(text(buffer), "012.3456")
      assert.strictEqual(yield* parent.recvInto(buffer, { length: 0 }), 7)
      assert.strictEqual(text(buffer), "34567896")
      for (const length of [9, -1, 1.5, Number.NaN]) {
        const error = yield* Effect.flip(parent.recvInto(buffer, { length }))
        assert.instanceOf(error, DuctError.InvalidArgument)
        assert.strictEqual(error.operation, "recvInto")
      }
      yield* child.close()
      assert.strictEqual(yield* parent.recvInto(buffer), 0)
      assert.strictEqual(text(buffer), "34567896")
    })
  )

  over("DW-10 M-15 recvExact and readv collect short reads; at the end nothing is lost", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const sending = yield* Effect.fork(
        Effect.forEach("0123456789abcdefgh", (letter) => Effect.zipRight(child.sendAll(bytes(letter)), turn))
      )
      assert.strictEqual(text(yield* parent.recvExact(4)), "0123")
      assert.deepStrictEqual((yield* parent.readv([5, 0, 3])).map(text), ["45678", "", "9ab"])
      assert.deepStrictEqual(yield* parent.readv([]), [])
      yield* Fiber.join(sending)
      yield* child.close()
      assert.deepStrictEqual((yield* parent.readv([2, 1, 7])).map(text), ["cd", "e", "fgh"])
      assert.deepStrictEqual(yield* parent.readv([2, 3]), [])
      const error = yield* Effect.flip(parent.recvExact(1))
      assert.deepStrictEqual(error, new DuctError.MessageTruncated({ expected: 1, received: 0 }))
    })
  )

  over("DW-10 recvExact at the end leaves what is there; impossible counts are InvalidArgument", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      yield* child.sendAll(bytes("abc"))
      yield* child.close()
      const error = yield* Effect.flip(parent.recvExact(4))
      assert.deepStrictEqual(error, new DuctError.MessageTruncated({ expected: 4, received: 3 }))
      assert.isTrue(DuctError.isEndOfFile(error))
      assert.strictEqual(text(yield* parent.recv(9)), "abc")
      for (const wrong of [parent.recv(-1), parent.recvExact(0.5), parent.recv(Infinity)]) {
        assert.instanceOf(yield* Effect.flip(wrong), DuctError.InvalidArgument)
      }
      assert.instanceOf(yield* Effect.flip(parent.readv([1, -1])), DuctError.InvalidArgument)
    })
  )

  it.scoped("DW-1 M-9 a receive times out after 30 seconds, whole, and keeps what came (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const waiting = yield* Effect.fork(Effect.flip(right.recvExact(2 ** 40)))
      for (const word of ["one", "two"]) {
        yield* TestClock.adjust("14 seconds")
        yield* left.sendAll(bytes(word))
      }
      yield* TestClock.adjust("1999 millis")
      assert.isNull(waiting.unsafePoll())
      yield* TestClock.adjust("1 millis")
      const timeout = Duration.seconds(30)
      assert.deepStrictEqual(yield* Fiber.join(waiting), new DuctError.DuctTimeout({ operation: "recv", timeout }))
      assert.strictEqual(text(yield* right.recv(100)), "onetwo")
    }).pipe(memory)
  )

  over("DW-12 poll is true when bytes or the end are here, and consumes nothing", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      assert.isFalse(yield* parent.poll(0))
      assert.isFalse(yield* parent.poll("2 millis"))
      const waiting = yield* Effect.fork(parent.poll(Duration.infinity))
      yield* turn
      yield* child.sendAll(bytes("ab"))
      assert.isTrue(yield* Fiber.join(waiting))
      assert.isTrue(yield* parent.poll(0))
      assert.strictEqual(text(yield* parent.recvExact(1)), "a")
      assert.isTrue(yield* parent.poll(0))
      assert.strictEqual(text(yield* parent.recvExact(1)), "b")
      assert.isFalse(yield* parent.poll(0))
      yield* child.close()
      assert.isTrue(yield* parent.poll())
      assert.isTrue(yield* parent.poll(0))
      assert.strictEqual((yield* parent.recv(1)).length, 0)
      assert.isTrue(yield* parent.poll(0))
    })
  )

  it.scoped("DW-12 poll waits 60 seconds by default (memory)", () =>
    Effect.gen(function* () {
      const [left] = yield* RawDuct.pair()
      const waiting = yield* Effect.fork(left.poll())
      yield* TestClock.adjust("59999 millis")
      assert.isNull(waiting.unsafePoll())
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* Fiber.join(waiting))
    }).pipe(memory)
  )

  over("DW-10 a second concurrent receive of any kind is DuctBusy, and the turn comes back", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const receives = [parent.recv(1), parent.recvExact(1), parent.pull, Stream.runDrain(parent.stream)]
      for (const first of receives) {
        const waiting = yield* Effect.fork<unknown, DuctError.DuctError, never>(first)
        yield* turn
        for (const second of receives) {
          assert.instanceOf(yield* Effect.flip<unknown, DuctError.DuctError, never>(second), DuctError.DuctBusy)
        }
        yield* Fiber.interrupt(waiting)
      }
      assert.instanceOf(yield* Effect.flip(parent.recv(1, { dontWait: true })), DuctError.DuctTimeout)
      yield* child.sendAll(bytes("x"))
      assert.strictEqual(text(yield* parent.recvExact(1)), "x")
    })
  )

  over("DW-42 stream gives all bytes and ends; sink sends them", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const words = Array.from({ length: 1000 }, (_, i) => `${i}|`)
      const sending = yield* Effect.fork(
        Effect.zipRight(Stream.run(Stream.map(Stream.fromIterable(words), bytes), child.sink), child.endWrite)
      )
      const received = yield* Stream.runCollect(Stream.decodeText(parent.stream))
      assert.strictEqual(Chunk.join(received, ""), words.join(""))
      yield* Fiber.join(sending)
    })
  )
})

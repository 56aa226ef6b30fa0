import { DuctError, RawDuct } from "@ductworks/core"
import { MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { byHand, connected, json, over, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)
const here = { anywhere: {} }

/** A lock that notes what happens to it; `enter` is called at every acquisition. */
const spied = (enter: Effect.Effect<void> = Effect.void) => {
  const semaphore = Effect.unsafeMakeSemaphore(1)
  const seen = { acquired: 0, released: 0, isHeld: () => seen.acquired > seen.released }
  const lock: MessageDuct.Lock = {
    acquire: Effect.zipRight(
      semaphore.take(1),
      Effect.zipLeft(
        Effect.sync(() => seen.acquired++),
        enter
      )
    ),
    release: Effect.zipRight(
      Effect.sync(() => seen.released++),
      semaphore.release(1)
    )
  }
  return { lock, seen }
}

const big = "x".repeat(1024 * 1024)

describe("locks", () => {
  over("DW-31 DW-32 DW-34 a send lock is held from before a message is encoded until its bytes have left", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { child, parent } = yield* connected(kind, { sendLock: lock })
      const message = { toJSON: () => `held: ${seen.isHeld()}` }
      yield* child.send(message)
      assert.strictEqual(yield* parent.recv, "held: true")
      yield* child.sendAll([message, message])
      assert.deepStrictEqual([yield* parent.recv, yield* parent.recv], ["held: true", "held: true"])
      assert.deepStrictEqual([seen.acquired, seen.released], [2, 2])

      const sending = yield* Effect.fork(child.send(Array.from({ length: 12 }, () => big)))
      for (let i = 0; i < 20; i++) yield* turn
      assert.isTrue(seen.isHeld())
      assert.isNull(sending.unsafePoll())
      yield* parent.recv
      yield* Fiber.join(sending)
      assert.isFalse(seen.isHeld())
    })
  )

  over("DW-32 DW-34 the lock is released after a failure, and after an interruption", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { child, parent } = yield* connected(kind, { sendLock: lock })
      assert.instanceOf(yield* Effect.flip(child.send(undefined)), MessageError.SerializeError)
      assert.instanceOf(yield* Effect.flip(child.sendAll([1, undefined])), MessageError.SerializeError)
      assert.strictEqual(yield* parent.recv, 1)
      assert.deepStrictEqual([seen.acquired, seen.released], [2, 2])
      const receiving = yield* Effect.fork(Effect.all([parent.recv, parent.recv]))
      const sending = yield* Effect.fork(child.send(big))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(sending)
      assert.isFalse(seen.isHeld())
      yield* child.send(big)
      yield* child.send("next")
      const [first, second] = yield* Fiber.join(receiving)
      assert.strictEqual(first, big)
      assert.include([big, "next"], second)
    })
  )

  it.scoped("DW-34 an interrupted send keeps the lock until its bytes have left (memory)", () =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), sendLock: lock })
      const sending = yield* Effect.fork(left.send(big))
      yield* TestClock.adjust("1 second")
      const interrupting = yield* Effect.fork(Fiber.interrupt(sending))
      yield* TestClock.adjust("1 second")
      assert.isTrue(seen.isHeld())
      assert.strictEqual(yield* right.recv, big)
      yield* Fiber.join(interrupting)
      assert.isFalse(seen.isHeld())
    }).pipe(memory)
  )

  it.scoped("DW-34 bytes that do not leave in time are a DuctTimeout, and the lock is released (memory)", () =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.text(), sendLock: lock })
      const sending = yield* Effect.fork(Effect.flip(left.send(big)))
      yield* TestClock.adjust("30 seconds")
      assert.instanceOf(yield* Fiber.join(sending), DuctError.DuctTimeout)
      assert.isFalse(seen.isHeld())
      const next = yield* Effect.fork(left.send("next"))
      assert.strictEqual(yield* right.recv, big)
      yield* Fiber.join(next)
      assert.strictEqual(yield* right.recv, "next")
    }).pipe(memory)
  )

  over("DW-34 whoever waits for the lock can be interrupted; what comes too late is given back", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { child, parent } = yield* connected(kind, { sendLock: lock })
      yield* lock.acquire
      const waiting = yield* Effect.fork(child.send("never"))
      for (let i = 0; i < 3; i++) yield* turn
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(seen.acquired, 1)
      yield* lock.release
      while (seen.released < 2) yield* turn
      yield* child.send("sent")
      assert.strictEqual(yield* parent.recv, "sent")
      assert.deepStrictEqual([seen.acquired, seen.released], [3, 3])
    })
  )

  over("DW-33 DW-34 M-7 a receive lock is taken only once bytes are readable, and released when it is over", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { duct, hand } = yield* byHand(kind, { recvLock: lock })
      const receiving = yield* Effect.fork(duct.recv)
      for (let i = 0; i < 5; i++) yield* turn
      assert.strictEqual(seen.acquired, 0)
      const bytes = json("message")
      yield* hand.sendAll(bytes.subarray(0, 6))
      while (!seen.isHeld()) yield* turn
      yield* hand.sendAll(bytes.subarray(6))
      assert.strictEqual(yield* Fiber.join(receiving), "message")
      assert.deepStrictEqual([seen.acquired, seen.released], [1, 1])
      assert.isFalse(yield* duct.poll(0))
      yield* hand.close()
      assert.isTrue(yield* duct.poll())
      assert.instanceOf(yield* Effect.flip(duct.recv), DuctError.RemoteDuctClosed)
      assert.isFalse(seen.isHeld())
    })
  )

  over("DW-34 with a receive lock many receivers get each message once, in one chunk or one by one", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { duct, hand } = yield* byHand(kind, { recvLock: lock })
      const numbers = Array.from({ length: 60 }, (_, i) => i)
      for (const chunk of [60, 7, 1]) {
        const receiving = yield* Effect.fork(
          Effect.all(
            Array.from({ length: 4 }, () => Effect.replicateEffect(duct.recv, 15)),
            { concurrency: "unbounded" }
          )
        )
        yield* turn
        for (let at = 0; at < numbers.length; at += chunk) {
          yield* hand.sendAll(json(...numbers.slice(at, at + chunk)))
          yield* turn
        }
        assert.sameMembers((yield* Fiber.join(receiving)).flat(), numbers)
      }
      assert.isFalse(seen.isHeld())
    })
  )

  over("DW-34 DW-40 with a receive lock, poll and receives go together; DuctBusy only without one", (kind) =>
    Effect.gen(function* () {
      const { lock } = spied()
      const { duct, hand } = yield* byHand(kind, { recvLock: lock })
      const receiving = yield* Effect.fork(Effect.all([duct.recv, duct.recv], { concurrency: 2 }))
      yield* turn
      assert.isFalse(yield* duct.poll(0))
      assert.isFalse(yield* duct.poll("2 millis"))
      const polling = yield* Effect.fork(duct.poll())
      yield* hand.sendAll(json("a", "b"))
      assert.sameMembers(yield* Fiber.join(receiving), ["a", "b"])
      yield* hand.sendAll(json("c"))
      assert.isTrue(yield* Fiber.join(polling))
      assert.isTrue(yield* duct.poll(0))
      assert.deepStrictEqual(yield* duct.recvAll, ["c"])
    })
  )

  it.scoped("M-8 with a receive lock a stalled message is a DuctTimeout, and comes whole afterwards (memory)", () =>
    Effect.gen(function* () {
      const { lock, seen } = spied()
      const { duct, hand } = yield* byHand(here, { recvLock: lock })
      const bytes = json("late")
      yield* hand.sendAll(bytes.subarray(0, 7))
      const waiting = yield* Effect.fork(Effect.flip(duct.recv))
      yield* TestClock.adjust("30 seconds")
      assert.instanceOf(yield* Fiber.join(waiting), DuctError.DuctTimeout)
      assert.isFalse(seen.isHeld())
      const polling = yield* Effect.fork(duct.poll("40 seconds"))
      yield* TestClock.adjust("39 seconds")
      assert.isNull(polling.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* Fiber.join(polling))
      const next = yield* Effect.fork(duct.recv)
      yield* hand.sendAll(bytes.subarray(7))
      assert.strictEqual(yield* Fiber.join(next), "late")
      assert.isFalse(seen.isHeld())
    }).pipe(memory)
  )

  it.scoped("DW-34 bytes that somebody else took before the lock was ours: the receive waits again (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const stolen = yield* Deferred.make<Uint8Array>()
      let isFirst = true
      const thief = Effect.suspend(() => {
        if (!isFirst) return Effect.void
        isFirst = false
        return Effect.asVoid(Effect.flatMap(Effect.orDie(right.recv(100)), (bytes) => Deferred.succeed(stolen, bytes)))
      })
      const { lock } = spied(thief)
      const duct = yield* MessageDuct.fromRaw(right, { serializer: Serializer.json(), recvLock: lock })
      const receiving = yield* Effect.fork(duct.recv)
      yield* left.sendAll(json("stolen"))
      assert.deepStrictEqual(Buffer.from(yield* Deferred.await(stolen)), json("stolen"))
      assert.isNull(receiving.unsafePoll())
      yield* left.sendAll(json("mine"))
      assert.strictEqual(yield* Fiber.join(receiving), "mine")
    }).pipe(memory)
  )
})

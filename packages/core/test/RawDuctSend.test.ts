import { DuctError, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { bytes, connected, over, text, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

/** Bytes that tell their place, but for 65,521 bytes. */
const pattern = (length: number): Uint8Array =>
  Buffer.alloc(
    length,
    Uint8Array.from({ length: 65_521 }, (_, i) => i * 7 + (i >> 8))
  )

const received = (from: RawDuct.RawDuct) => from.recv(2 ** 30, { waitAll: true })

describe("sending bytes", () => {
  over("DW-9 send takes what it will and says how much; with dontWait it stops when too much is pending", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const all = pattern(32 * 1024 * 1024)
      let sent = 0
      for (;;) {
        const result = yield* Effect.either(child.send(all.subarray(sent), { dontWait: true }))
        if (result._tag === "Left") {
          assert.deepStrictEqual(result.left, new DuctError.DuctTimeout({ operation: "send", timeout: Duration.zero }))
          break
        }
        assert.isAtLeast(result.right, 1)
        assert.isAtMost(result.right, 64 * 1024)
        sent += result.right
        assert.isBelow(sent, all.length)
      }
      const receiving = yield* Effect.fork(received(parent))
      assert.strictEqual(yield* child.send(new Uint8Array(0)), 0)
      sent += yield* child.send(all.subarray(sent))
      yield* child.endWrite
      const there = yield* Fiber.join(receiving)
      assert.strictEqual(there.length, sent)
      assert.isTrue(Buffer.from(there).equals(all.subarray(0, sent)))
    })
  )

  over("DW-9 what is filled in after send, sendAll or writev does not change what was sent", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const big = 3 * 1024 * 1024
      const receiving = yield* Effect.fork(Effect.zip(parent.recvExact(9), received(parent)))
      const small = bytes("abc")
      yield* child.send(small)
      yield* child.sendAll(small.fill(0x64))
      yield* child.writev([small.fill(0x65)])
      small.fill(0)
      const lent = pattern(big)
      yield* child.sendAll(lent)
      lent.fill(0)
      yield* child.endWrite
      const [head, rest] = yield* Fiber.join(receiving)
      assert.strictEqual(text(head), "abcdddeee")
      assert.isTrue(Buffer.from(rest).equals(pattern(big)))
    })
  )

  over("DW-9 a Buffer, whose slices are views, is copied by send as any bytes are", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const small = Buffer.from("abc")
      // The second of a turn leaves later.
      yield* Effect.all([child.send(small), child.send(small)])
      small.fill(0)
      assert.strictEqual(text(yield* parent.recvExact(6)), "abcabc")
    })
  )

  over("DW-9 writev sends pieces as one and counts them; concurrent senders do not interleave", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      assert.strictEqual(yield* child.writev([]), 0)
      assert.strictEqual(yield* child.writev([new Uint8Array(0)]), 0)
      assert.strictEqual(yield* child.writev(["ab", "", "cde"].map(bytes)), 5)
      assert.strictEqual(text(yield* parent.recvExact(5)), "abcde")
      const sizes = [1, 1000, 70_000, 300_000]
      const block = (value: number) => new Uint8Array(sizes[value % sizes.length] ?? 1).fill(value)
      const receiving = yield* Effect.fork(received(parent))
      yield* Effect.forEach(
        Array.from({ length: 24 }, (_, i) => i),
        (i) => child.writev([block(i).subarray(0, 1), block(i).subarray(1)]),
        { concurrency: "unbounded" }
      )
      yield* child.endWrite
      const there = yield* Fiber.join(receiving)
      const seen: Array<number> = []
      for (let at = 0; at < there.length;) {
        const value = there[at] ?? 0
        seen.push(value)
        assert.isTrue(Buffer.from(there.subarray(at, at + block(value).length)).equals(block(value)), `block ${value}`)
        at += block(value).length
      }
      assert.sameMembers(
        seen,
        Array.from({ length: 24 }, (_, i) => i)
      )
    })
  )

  it.scoped("DW-1 a send times out after 30 seconds, small or lent (memory)", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      const timeout = Duration.seconds(30)
      const lent = yield* Effect.fork(Effect.flip(left.sendAll(new Uint8Array(1024 * 1024))))
      yield* TestClock.adjust("29 seconds")
      const small = yield* Effect.fork(Effect.flip(left.send(bytes("x"))))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(lent), new DuctError.DuctTimeout({ operation: "send", timeout }))
      assert.isNull(small.unsafePoll())
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(yield* Fiber.join(small), new DuctError.DuctTimeout({ operation: "send", timeout }))
      const receiving = yield* Effect.fork(received(right))
      yield* left.flush
      yield* left.endWrite
      assert.strictEqual((yield* Fiber.join(receiving)).length, 1024 * 1024)
    }).pipe(memory)
  )

  it.scoped("DW-9 up to 16 KiB are copied, so sent when they are taken; more waits until it has left (memory)", () =>
    Effect.gen(function* () {
      for (const send of ["sendAll", "writev"] as const) {
        const [left, right] = yield* RawDuct.pair({ timeout: "1 second" })
        const sending = (bytes: Uint8Array) => (send === "sendAll" ? left.sendAll(bytes) : left.writev([bytes]))
        yield* left.send(pattern(MemoryTransport.defaultCapacity))
        yield* sending(pattern(16 * 1024))
        const lent = yield* Effect.fork(Effect.flip(sending(pattern(16 * 1024 + 1))))
        yield* TestClock.adjust("1 second")
        assert.instanceOf(yield* Fiber.join(lent), DuctError.DuctTimeout)
        const receiving = yield* Effect.fork(received(right))
        yield* left.flush
        yield* left.endWrite
        // It was taken for all that.
        assert.strictEqual((yield* Fiber.join(receiving)).length, MemoryTransport.defaultCapacity + 32 * 1024 + 1)
      }
    }).pipe(memory)
  )

  over("DW-9 who does not wait sends what there is room for, be it the second of a turn", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair({ timeout: 0 })
      yield* left.sendAll(pattern(100))
      yield* left.sendAll(pattern(20_000))
      yield* left.flush
      assert.isTrue(yield* right.poll("10 seconds"))
    })
  )

  over("DW-9 flush completes when the bytes have left", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      yield* child.flush
      const receiving = yield* Effect.fork(received(parent))
      for (let i = 0; i < 10; i++) yield* child.send(pattern(64 * 1024))
      yield* child.flush
      yield* child.close()
      assert.strictEqual((yield* Fiber.join(receiving)).length, 10 * 64 * 1024)
    })
  )

  over(
    "DW-35 EX-9 once the end was seen, a send to an end that is gone fails RemoteDuctClosed; over TCP once it has answered",
    (kind) =>
      Effect.gen(function* () {
        const { child, parent } = yield* connected(kind)
        yield* child.close()
        assert.strictEqual((yield* parent.recv(1)).length, 0)
        const send = Effect.zipLeft(parent.sendAll(bytes("test")), turn)
        // TCP takes the first bytes, and learns from the answer to them.
        const error = yield* Effect.flip(kind.name === "tcp" ? Effect.forever(send) : send)
        assert.include(["RemoteDuctClosed", "RemoteDuctReset"], error._tag)
        if (error._tag === "RemoteDuctClosed") assert.include(["EPIPE", "ECONNRESET"], error.code)
        assert.isTrue(DuctError.isEndOfFile(error))
        assert.isTrue(DuctError.isEndOfFile(yield* Effect.flip(parent.flush)))
      })
  )
})

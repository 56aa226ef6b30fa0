import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { connectedWith, over } from "./support/transports.js"

const KiB = 1024

const format = { serializer: Serializer.bytes }

/** Each byte tells its message and its duct; sizes differ, so that frames do not stand where others did. */
const message = (duct: number, index: number): Uint8Array =>
  new Uint8Array(900 + ((index * 37) % 300)).fill((index * 7 + duct * 31) % 251)

const isMessage = (received: Uint8Array, duct: number, index: number): boolean =>
  Buffer.compare(received, message(duct, index)) === 0

const messages = function* (duct: number, count: number) {
  for (let i = 0; i < count; i++) yield message(duct, i)
}

describe("DW-32 the batches of a sendAll", () => {
  over("arrive as they were, to slow readers, of several ducts at once", (kind) =>
    Effect.gen(function* () {
      const count = 700
      const ducts = yield* Effect.all([
        connectedWith(kind, format),
        connectedWith(kind, format),
        connectedWith(kind, format)
      ])
      const sending = yield* Effect.fork(
        Effect.forEach(ducts, ({ parent }, duct) => parent.sendAll(messages(duct, count)), { concurrency: "unbounded" })
      )
      for (let i = 0; i < count; i++) {
        for (const [duct, { child }] of ducts.entries()) {
          if (i % 50 === duct) for (let turns = 0; turns < 20; turns++) yield* Effect.yieldNow()
          assert.isTrue(isMessage(yield* child.recv, duct, i), `message ${i} of duct ${duct}`)
        }
      }
      yield* Fiber.join(sending)
    })
  )

  over("with large messages in between, and texts", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connectedWith(kind, format)
      const sizes = Array.from({ length: 300 }, (_, i) =>
        i % 40 === 39 ? 70 * KiB : i % 40 === 20 ? 30 * KiB : 1000 + i
      )
      const all = sizes.map((size, i) => new Uint8Array(size).fill(i % 251))
      const sending = yield* Effect.fork(parent.sendAll(all))
      for (const [i, sent] of all.entries()) {
        assert.isTrue(Buffer.compare(yield* child.recv, sent) === 0, `message ${i}`)
      }
      yield* Fiber.join(sending)
    })
  )

  over("leave the stream whole when it is interrupted: what is sent afterwards comes after a part of them", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connectedWith(kind, format)
      for (let round = 0; round < 3; round++) {
        const sending = yield* Effect.fork(parent.sendAll(messages(round, 5000)))
        for (let i = 0; i < 300; i++) assert.isTrue(isMessage(yield* child.recv, round, i), `message ${i}`)
        yield* Fiber.interrupt(sending)
        const more = yield* Effect.fork(parent.sendAll([Uint8Array.of(42), ...messages(9, 200), Uint8Array.of(43)]))
        let next = 300
        let received = yield* child.recv
        for (; received.length > 1; received = yield* child.recv) {
          assert.isTrue(isMessage(received, round, next), `message ${next}`)
          next++
        }
        assert.deepStrictEqual(received, Uint8Array.of(42))
        for (let i = 0; i < 200; i++) assert.isTrue(isMessage(yield* child.recv, 9, i))
        assert.deepStrictEqual(yield* child.recv, Uint8Array.of(43))
        yield* Fiber.join(more)
      }
    })
  )

  it.scopedLive("are written to a few pieces of memory, again and again (memory)", () =>
    Effect.gen(function* () {
      const memories = new Set<ArrayBufferLike>()
      const framing: Framing.Framing = {
        ...Framing.ductworks,
        seal: (target, offset, length) => {
          memories.add(target.buffer)
          return Framing.ductworks.seal(target, offset, length)
        }
      }
      const [left, right] = yield* RawDuct.pair()
      const sender = yield* MessageDuct.fromRaw(left, { ...format, framing })
      const receiver = yield* MessageDuct.fromRaw(right, { ...format, framing })
      const count = 4 * KiB
      const sending = yield* Effect.fork(sender.sendAll(messages(0, count)))
      for (let i = 0; i < count; i++) assert.isTrue(isMessage(yield* receiver.recv, 0, i), `message ${i}`)
      yield* Fiber.join(sending)
      // 4 MiB in slabs of 64 KiB would be more than 60.
      assert.isAtMost(memories.size, 8)
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

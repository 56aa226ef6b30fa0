import { DuctError } from "@ductworks/core"
import { MessageDuct, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Exit, Fiber, FiberId, Stream } from "effect"
import { byHand, frameOf, json, over, transports } from "./support/transports.js"

const withoutTcp = transports.filter(({ name }) => name !== "tcp")

const memory = Effect.provide(MemoryTransport.layer)

describe("messages that cannot be sent", () => {
  over(
    "DW-32 a toJSON or a getter that throws, a text with half a character: nothing of it is sent",
    () =>
      Effect.gen(function* () {
        const boom = new Error("a secret, \u001b[31m and more of it")
        const bad = [
          {
            toJSON: () => {
              throw boom
            }
          },
          {
            get field() {
              throw boom
            }
          }
        ]
        const [left, right] = yield* MessageDuct.pair()
        for (const message of bad) {
          const error = yield* Effect.flip(left.send(message))
          assert.instanceOf(error, MessageError.SerializeError)
          assert.strictEqual(error.cause, boom)
          assert.include(error.problem, "\\u001b[31m")
          assert.instanceOf(yield* Effect.flip(left.sendAll(["before", message, "after"])), MessageError.SerializeError)
        }
        const [one, other] = yield* MessageDuct.pair({ serializer: Serializer.text() })
        assert.instanceOf(yield* Effect.flip(one.sendAll(["before", "\ud83d", "after"])), MessageError.SerializeError)
        for (const [from, to, wanted] of [
          [left, right, ["before", "before", "next"]],
          [one, other, ["before", "next"]]
        ] as const) {
          yield* from.send("next")
          yield* from.endWrite
          assert.deepStrictEqual(
            Chunk.toReadonlyArray(yield* Stream.runCollect<unknown, unknown, never>(to.stream)),
            wanted
          )
        }
      }),
    withoutTcp
  )

  over(
    "DW-32 sendAll of an iterable that throws: those before it are sent, before anything that is sent later",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* MessageDuct.pair()
        const boom = new Error("boom")
        const some = function* () {
          yield 1
          yield 2
          throw boom
        }
        const exit = yield* Effect.exit(left.sendAll(some()))
        // Not the duct's error, but its caller's defect.
        assert.deepStrictEqual(exit, Exit.die(boom))
        assert.deepStrictEqual([yield* right.recv, yield* right.recv], [1, 2])
        yield* left.send(3)
        assert.strictEqual(yield* right.recv, 3)
      }),
    withoutTcp
  )

  over(
    "DW-32 a buffer that is used again for every message: each arrives as it was when it was sent, though none had left",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* MessageDuct.pair({ serializer: Serializer.bytes })
        const buffer = new Uint8Array(1024 * 1024)
        // Nobody receives yet: of the small ones the last cannot have left before it is overwritten.
        const sizes = [10, 10, 20 * 1024, 10, 20 * 1024, 60 * 1024]
        for (const [i, size] of sizes.entries()) yield* left.send(buffer.subarray(0, size).fill(i))
        buffer.fill(0xff)
        const filledAgain = function* () {
          for (const [i, size] of sizes.entries()) yield buffer.subarray(0, size).fill(100 + i)
          yield buffer.fill(200)
          yield buffer.subarray(0, 70 * 1024).fill(201)
        }
        const sending = yield* Effect.fork(left.sendAll(filledAgain()))
        for (const first of [0, 100]) {
          for (const [i, size] of sizes.entries()) {
            assert.isTrue(Buffer.alloc(size, first + i).equals(yield* right.recv), `message ${first + i}`)
          }
        }
        assert.isTrue(Buffer.alloc(buffer.length, 200).equals(yield* right.recv))
        assert.isTrue(Buffer.alloc(70 * 1024, 201).equals(yield* right.recv))
        yield* Fiber.join(sending)
      }),
    withoutTcp
  )
})

describe("messages that cannot be decoded", () => {
  over(
    "DW-33 M-13 the error has at most 128 characters of what the peer sent, escaped; the messages around it arrive",
    (kind) =>
      Effect.gen(function* () {
        const quoting = Serializer.fromText<unknown>({
          name: "quoting",
          encode: String,
          decode: (text) => {
            if (text.startsWith("bad")) throw new Error(text)
            return text
          }
        })
        const { duct, hand } = yield* byHand(kind, {}, quoting)
        const bad = `bad\u0000\u001b[31m\u202e${"x".repeat(10_000)}`
        yield* hand.sendAll(Buffer.concat([frameOf("one"), frameOf(bad), frameOf("two"), frameOf(bad)]))
        yield* hand.endWrite
        assert.strictEqual(yield* duct.recv, "one")
        const error = yield* Effect.flip(duct.recv)
        assert.instanceOf(error, MessageError.DeserializeError)
        assert.strictEqual(error.size, Buffer.byteLength(bad))
        assert.include(error.message, "bad\\u0000\\u001b[31m\\u202e")
        // eslint-disable-next-line no-control-regex -- what must not be there
        assert.notMatch(error.message, /[\u0000-\u001f\u202e]/)
        assert.strictEqual(error.message.split("x").length - 1, 128 - "bad\u0000\u001b[31m\u202e".length)
        const seen: Array<unknown> = []
        const stream = Stream.runForEach(duct.stream, (message) => Effect.sync(() => seen.push(message)))
        assert.instanceOf(yield* Effect.flip(stream), MessageError.DeserializeError)
        assert.deepStrictEqual(seen, ["two"])
        assert.instanceOf(yield* Effect.flip(duct.recv), DuctError.RemoteDuctClosed)
      }),
    withoutTcp
  )

  it.scoped("DW-33 a decode that dies or interrupts itself is a DeserializeError; the next one arrives (memory)", () =>
    Effect.gen(function* () {
      const boom = new Error("boom")
      const endings: Record<string, Effect.Effect<never>> = {
        '"die"': Effect.die(boom),
        '"interrupt"': Effect.interrupt,
        '"both"': Exit.failCause(Cause.parallel(Cause.die(boom), Cause.interrupt(FiberId.none)))
      }
      const serializer = Serializer.makeEffect({
        name: "ending",
        encode: (message: unknown) => Serializer.json().encode(message),
        decode: (payload) => {
          const ending = endings[Buffer.from(payload).toString()]
          const json = Serializer.json().decode(payload)
          return ending === undefined ? json : Effect.zipRight(Effect.yieldNow(), ending)
        }
      })
      const { duct, hand } = yield* byHand({ anywhere: {} }, {}, serializer)
      for (const kind of ["die", "interrupt", "both"]) {
        yield* hand.sendAll(json("before", kind, "after"))
        assert.deepStrictEqual(yield* duct.recvAll, ["before"])
        assert.isTrue(yield* duct.poll(0))
        const error = yield* Effect.flip(duct.recv)
        assert.instanceOf(error, MessageError.DeserializeError, kind)
        assert.deepStrictEqual([error.serializer, error.size], ["ending", kind.length + 2])
        assert.strictEqual(yield* duct.recv, "after")
      }
    }).pipe(memory)
  )
})

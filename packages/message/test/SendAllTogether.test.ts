import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import type { SendError } from "@ductworks/message/MessageError"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, Stream } from "effect"
import { utf8 } from "./support/formats.js"
import { frame } from "./support/frames.js"

const memory = Effect.provide(MemoryTransport.layer)

/** Text or bytes, as they are. */
const asIs = Serializer.make<string | Uint8Array, Uint8Array>({
  name: "as is",
  encode: (message) => message,
  decode: (payload) => payload
})

const framings = [Framing.ductworks, Framing.lengthPrefix32, Framing.lines]

type Message = string | Uint8Array

const bytesOf = (message: Message): Uint8Array => (typeof message === "string" ? utf8(message) : message)

/** The messages up to the first that is refused, as `sendAll` is to send them, and how many that asks for. */
const expected = (framing: Framing.Framing, limit: number, messages: ReadonlyArray<Message>) => {
  const isRefused = (message: Message) => {
    const bytes = bytesOf(message)
    return bytes.length > limit || (framing === Framing.lines && bytes.includes(0x0a))
  }
  const index = messages.findIndex(isRefused)
  const sent = index < 0 ? messages : messages.slice(0, index)
  return {
    bytes: Buffer.concat(sent.map((message) => frame(framing, bytesOf(message)))).toString("hex"),
    asked: index < 0 ? messages.length : index + 1,
    refused:
      index < 0 ? undefined : bytesOf(messages[index] ?? "").length > limit ? "MessageTooLarge" : "SerializeError"
  }
}

/** What `sendAll` sends of them. */
const sent = (framing: Framing.Framing, maxMessageBytes: number, messages: ReadonlyArray<Message>) =>
  Effect.gen(function* () {
    const [left, right] = yield* RawDuct.pair()
    const duct = yield* MessageDuct.fromRaw(left, { serializer: asIs, framing, maxMessageBytes })
    let asked = 0
    const counted = function* () {
      for (const message of messages) {
        asked++
        yield message
      }
    }
    const receiving = yield* Effect.fork(Stream.runCollect(right.stream))
    const result: Either.Either<void, SendError> = yield* Effect.either(duct.sendAll(counted()))
    yield* duct.endWrite
    const bytes = Buffer.concat([...(yield* Fiber.join(receiving))]).toString("hex")
    return { bytes, asked, refused: Either.isLeft(result) ? result.left._tag : undefined }
  }).pipe(Effect.scoped, memory)

const ascii = FastCheck.string({ maxLength: 80 })

const message = FastCheck.oneof(
  { weight: 60, arbitrary: ascii },
  { weight: 2, arbitrary: FastCheck.constantFrom("", "é", "€", "😀", "a\u0000b", "\u007f", "é".repeat(40)) },
  { weight: 2, arbitrary: FastCheck.constantFrom(1000, 1024, 1025, 4000, 9000).map((length) => "x".repeat(length)) },
  { weight: 1, arbitrary: FastCheck.uint8Array({ maxLength: 80 }) },
  { weight: 1, arbitrary: FastCheck.constant("a\nb") }
)

describe("sendAll of many at once", () => {
  for (const framing of framings) {
    it(`DW-27 ${framing.name}: the bytes are those of each by itself, up to one that is refused`, () =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(message, { maxLength: 400 }),
          FastCheck.constantFrom(60, 200, 3072, 100_000),
          async (messages, limit) =>
            assert.deepStrictEqual(
              await Effect.runPromise(sent(framing, limit, messages)),
              expected(framing, limit, messages)
            )
        ),
        { numRuns: 150 }
      ))
  }

  it.scoped("DW-29 a message may be changed as soon as the next one is asked for", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair()
      const reused = { n: 0 }
      const changing = function* () {
        for (let n = 0; n < 1000; n++) {
          reused.n = n
          yield reused
        }
      }
      const sending = yield* Effect.fork(left.sendAll(changing()))
      for (let n = 0; n < 1000; n++) assert.deepStrictEqual(yield* right.recv, { n })
      yield* Fiber.join(sending)
    }).pipe(memory)
  )

  it.scoped("what is sent while the next message is asked for comes after those before it", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair()
      const interfering = function* () {
        yield 1
        yield 2
        Effect.runSync(left.send("between"))
        yield 3
        Effect.runSync(left.sendAll(["and", "again"]))
        yield 4
      }
      yield* left.sendAll(interfering())
      const received: Array<unknown> = []
      while (received.length < 7) received.push(...(yield* right.recvAll))
      assert.deepStrictEqual(received, [1, 2, "between", 3, "and", "again", 4])
    }).pipe(memory)
  )

  it.scoped("what was given before the iterable throws is sent", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair()
      const throwing = function* () {
        yield 1
        yield 2
        throw new Error("no more")
      }
      assert.isTrue(Either.isLeft(yield* Effect.either(Effect.sandbox(left.sendAll(throwing())))))
      assert.deepStrictEqual([yield* right.recv, yield* right.recv], [1, 2])
    }).pipe(memory)
  )
})

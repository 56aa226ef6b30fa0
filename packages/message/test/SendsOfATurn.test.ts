import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Stream } from "effect"
import { utf8 } from "./support/formats.js"
import { frame } from "./support/frames.js"
import { byHand, connected, frameOf, over, transports, turn } from "./support/transports.js"

const bytes = { serializer: Serializer.bytes }

const many = Array.from({ length: 400 }, (_, number) => ({ number, text: "x".repeat(number % 100) }))

describe("sends within one turn", () => {
  over("DW-32 arrive in order with what else is sent: many at once, large, wide, refused", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind, { maxMessageBytes: 300_000 })
      const wide = "\u0ff0".repeat(500)
      const large = "y".repeat(200_000)
      const receiving = yield* Effect.fork(
        Stream.runCollect(Stream.takeUntil(child.stream, (message) => message === "last"))
      )
      yield* parent.send(1)
      yield* parent.send(2)
      yield* parent.sendAll([3, "four", wide])
      yield* parent.send(wide)
      assert.strictEqual((yield* Effect.flip(parent.send("z".repeat(400_000))))._tag, "MessageTooLarge")
      yield* parent.send(5)
      yield* parent.send(large)
      yield* parent.send(6)
      yield* parent.sendAll([])
      assert.strictEqual((yield* Effect.flip(parent.sendAll([7, undefined])))._tag, "SerializeError")
      yield* parent.send("last")
      const expected = [1, 2, 3, "four", wide, wide, 5, large, 6, 7, "last"]
      assert.deepStrictEqual([...(yield* Fiber.join(receiving))], expected)
    })
  )

  over("DW-32 are as they were sent, whatever becomes of the messages", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const message = { number: 0 }
      for (let i = 0; i < 50; i++) {
        message.number = i
        yield* parent.send(message)
      }
      for (let i = 0; i < 50; i++) assert.deepStrictEqual(yield* child.recv, { number: i })
    })
  )

  over("DW-32 have left when a flush is done, and before the duct closes", (kind) =>
    Effect.gen(function* () {
      const { duct, hand } = yield* byHand(kind)
      const frames = Buffer.concat(many.map((message) => frameOf(JSON.stringify(message))))
      yield* Effect.forEach(many, (message) => duct.send(message), { discard: true })
      yield* duct.flush
      const flushed: Uint8Array = yield* hand.recvExact(frames.length)
      assert.isTrue(frames.equals(flushed))
      yield* Effect.forEach(many, (message) => duct.send(message), { discard: true })
      const receiving = yield* Effect.fork(Stream.runCollect(hand.stream))
      yield* duct.close()
      assert.isTrue(frames.equals(Buffer.concat([...(yield* Fiber.join(receiving))])))
    })
  )

  over("DW-14 of a connection that was closed do not go to the one after it", (kind) =>
    Effect.gen(function* () {
      const parent = yield* MessageDuct.parent(kind.anywhere)
      const connect = Effect.gen(function* () {
        yield* parent.bind()
        const child = yield* MessageDuct.child({ address: yield* parent.listenerAddress })
        yield* child.connect()
        yield* parent.listen()
        return child
      })
      const first = yield* connect
      yield* parent.send(1)
      yield* parent.send(2)
      yield* parent.close()
      const second = yield* connect
      yield* parent.send(3)
      assert.deepStrictEqual([yield* first.recv, yield* first.recv, yield* second.recv], [1, 2, 3])
    })
  )

  over("DW-32 wait for a reader that stalls, as others do, and none is lost", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      let sent = 0
      const text = "x".repeat(1000)
      const sending = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 20_000 }), () =>
          Effect.andThen(parent.send(`${sent}${text}`), () => sent++)
        )
      )
      let before = -1
      for (; before < sent; yield* turn) before = sent
      assert.isBelow(sent, 20_000, "bounded")
      for (let i = 0; i < 20_000; i++) assert.strictEqual(yield* child.recv, `${i}${text}`)
      yield* Fiber.join(sending)
    })
  )

  it.effect.prop(
    "DW-32 are the frames that they are one by one, whatever is between them",
    [
      FastCheck.array(
        FastCheck.oneof(
          FastCheck.string({ maxLength: 40 }).map((text) => ({ op: "text", text }) as const),
          FastCheck.string({ unit: "grapheme", maxLength: 40 }).map((text) => ({ op: "text", text }) as const),
          FastCheck.nat({ max: 100_000 }).map((size) => ({ op: "text", text: "t".repeat(size) }) as const),
          FastCheck.array(FastCheck.string({ maxLength: 20 }), { maxLength: 5 }).map(
            (texts) => ({ op: "all", texts }) as const
          ),
          FastCheck.constantFrom({ op: "flush" } as const, { op: "turn" } as const, { op: "raw" } as const)
        ),
        { maxLength: 30 }
      )
    ],
    ([steps]) =>
      Effect.gen(function* () {
        const [left, right] = yield* RawDuct.pair()
        const duct = yield* MessageDuct.fromRaw(left, { serializer: Serializer.text() })
        const receiving = yield* Effect.fork(Stream.runCollect(right.stream))
        const expected: Array<Uint8Array> = []
        const expect = (text: string) => expected.push(frame(Framing.ductworks, utf8(text)))
        for (const step of steps) {
          if (step.op === "text") {
            expect(step.text)
            yield* duct.send(step.text)
          } else if (step.op === "all") {
            step.texts.forEach(expect)
            yield* duct.sendAll(step.texts)
          } else if (step.op === "raw") {
            expected.push(Uint8Array.of(1, 2, 3))
            yield* left.sendAll(Uint8Array.of(1, 2, 3))
          } else yield* step.op === "flush" ? duct.flush : turn
        }
        yield* duct.endWrite
        const received = Buffer.concat([...(yield* Fiber.join(receiving))])
        assert.isTrue(received.equals(Buffer.concat(expected)))
      }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer)),
    { fastCheck: { numRuns: 60 } }
  )

  over(
    "DW-32 of two ducts over one connection keep the order in which they were sent",
    () =>
      Effect.gen(function* () {
        const [left, right] = yield* RawDuct.pair()
        const one = yield* MessageDuct.fromRaw(left, bytes)
        const other = yield* MessageDuct.fromRaw(left, bytes)
        const receiver = yield* MessageDuct.fromRaw(right, bytes)
        for (let i = 0; i < 60; i++) yield* (i % 3 === 0 ? one : other).send(Uint8Array.of(i))
        for (let i = 0; i < 60; i++) assert.deepStrictEqual(Array.from(yield* receiver.recv), [i])
      }),
    transports.filter(({ name }) => name !== "tcp")
  )
})

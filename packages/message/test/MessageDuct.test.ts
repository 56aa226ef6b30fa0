import { Address, DuctError } from "@ductworks/core"
import { MessageDuct, type MessageError, Serializer } from "@ductworks/message"
import { assert, describe } from "@effect/vitest"
import { Effect, Fiber, Option, Schema } from "effect"
import * as fs from "node:fs"
import { connected, freshPath, over, transports, turn } from "./support/transports.js"

const withoutTcp = transports.filter(({ name }) => name !== "tcp")
const only = (name: string) => transports.filter((kind) => kind.name === name)

const big = "lol".repeat(131_072)

describe("the examples", () => {
  over(
    "EX-1 DW-32 DW-33 DW-41 a pair: poll, receive and send back, both ways",
    () =>
      Effect.gen(function* () {
        const [parent, child] = yield* MessageDuct.pair()
        for (const words of ["hello!", "hello world", "hello this is dog"]) {
          yield* parent.send(words)
          assert.isTrue(yield* child.poll("1 second"))
          const received = yield* child.recv
          assert.strictEqual(received, words)
          yield* child.send(received)
          assert.isTrue(yield* parent.poll("1 second"))
          assert.strictEqual(yield* parent.recv, words)
        }
        yield* parent.close()
        yield* child.close()
      }),
    withoutTcp
  )

  over(
    "EX-2 DW-36 DW-40 M-2 the child connects before listen is called; listen has a time-out",
    () =>
      Effect.gen(function* () {
        const address = Address.UnixAddress(yield* freshPath)
        const parent = yield* MessageDuct.parent({ address })
        assert.deepStrictEqual(parent.bindAddress, Option.some(address))
        yield* parent.bind()
        assert.isFalse(yield* parent.listen("1 millis"))
        const child = yield* MessageDuct.child({ address: yield* parent.listenerAddress })
        assert.deepStrictEqual(child.connectAddress, address)
        yield* child.connect()
        assert.isTrue(yield* parent.listen())
        yield* child.send("early")
        assert.strictEqual(yield* parent.recv, "early")
      }),
    only("unix")
  )

  over(
    "EX-3 DW-25 DW-38 a free TCP port, listen until true, both ways, then the end of the duct",
    (kind) =>
      Effect.gen(function* () {
        const parent = yield* MessageDuct.parent(kind.anywhere)
        yield* parent.bind()
        const address = yield* parent.listenerAddress
        assert.strictEqual(address._tag, "TcpAddress")
        if (address._tag === "TcpAddress") assert.isAbove(address.port, 0)
        const child = yield* MessageDuct.child({ address })
        yield* child.connect()
        while (!(yield* parent.listen("1 second")));
        for (const message of ["test", ["bob", "saget"]]) {
          yield* child.send(message)
          assert.deepStrictEqual(yield* parent.recv, message)
        }
        yield* child.close()
        const error = yield* Effect.flip(parent.recv)
        assert.instanceOf(error, DuctError.RemoteDuctClosed)
        assert.isTrue(DuctError.isEndOfFile(error))
      }),
    only("tcp")
  )

  over(
    'EX-4 DW-30 ["hello world", 42] round-trips; the bind path is gone after close',
    () =>
      Effect.gen(function* () {
        const path = yield* freshPath
        const parent = yield* MessageDuct.parent({ address: Address.UnixAddress(path) })
        yield* parent.bind()
        assert.isTrue(fs.existsSync(path))
        const child = yield* MessageDuct.child({ address: Address.UnixAddress(path) })
        yield* child.connect()
        yield* parent.listen()
        yield* parent.send(["hello world", 42])
        assert.deepStrictEqual(yield* child.recv, ["hello world", 42])
        yield* child.send(["hello world", 42])
        assert.deepStrictEqual(yield* parent.recv, ["hello world", 42])
        yield* parent.close()
        assert.isFalse(fs.existsSync(path))
      }),
    only("unix")
  )

  over("EX-6 a big message from a concurrent fiber arrives whole", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const message = [big, 1, big, 2, big, 3]
      const sending = yield* Effect.fork(child.send(message))
      assert.deepStrictEqual(yield* parent.recv, message)
      yield* Fiber.join(sending)
    })
  )

  over("EX-7 DW-34 four writers of 25 big messages each on one duct: all 100 arrive intact", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const message = [big, 1, big, 2, big, 3]
      const writing = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 4 }),
          () => Effect.replicateEffect(child.send(message), 25, { discard: true }),
          { concurrency: 4 }
        )
      )
      const text = JSON.stringify(message)
      for (let i = 0; i < 100; i++) assert.isTrue(JSON.stringify(yield* parent.recv) === text, `message ${i}`)
      yield* Fiber.join(writing)
      assert.isFalse(yield* parent.poll(0))
    })
  )

  over(
    "EX-9 DW-35 the child closes: the parent's recv, then its send, fail RemoteDuctClosed; over TCP once it has answered",
    (kind) =>
      Effect.gen(function* () {
        const { child, parent } = yield* connected(kind)
        yield* child.close()
        for (let i = 0; i < 2; i++) assert.instanceOf(yield* Effect.flip(parent.recv), DuctError.RemoteDuctClosed)
        // TCP takes the first bytes, and learns from the answer to them.
        const send = Effect.zipLeft(parent.send("test"), turn)
        const error = yield* Effect.flip(kind.name === "tcp" ? Effect.forever(send) : send)
        assert.isTrue(DuctError.isEndOfFile(error))
        assert.instanceOf(error, DuctError.RemoteDuctClosed)
        assert.include(["EPIPE", "ECONNRESET"], error.code)
        if (kind.name !== "memory") assert.property(error.cause, "code")
      })
  )
})

describe("message ducts", () => {
  over("DW-34 M-7 a waiting receiver never blocks a sender, at either end", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      const receiving = yield* Effect.forEach([parent, child], (duct) => Effect.fork(duct.recv))
      yield* turn
      yield* parent.send("down")
      yield* child.send("up")
      assert.deepStrictEqual(yield* Fiber.join(Fiber.all(receiving)), ["up", "down"])
    })
  )

  over("DW-36 DW-40 addresses and descriptor are those of the raw duct; unconnected is NotConnected", (kind) =>
    Effect.gen(function* () {
      const parent = yield* MessageDuct.parent(kind.anywhere)
      const operations: ReadonlyArray<
        readonly [string, Effect.Effect<unknown, DuctError.DuctError | MessageError.MessageError>]
      > = [
        ["send", parent.send(1)],
        ["recv", parent.recv],
        ["recv", parent.recvAll],
        ["poll", parent.poll(0)],
        ["fileno", parent.fileno],
        ["flush", parent.flush]
      ]
      for (const [operation, effect] of operations) {
        assert.deepStrictEqual(yield* Effect.flip(effect), new DuctError.NotConnected({ operation }))
      }
      assert.instanceOf(yield* Effect.flip(parent.listenerAddress), DuctError.NotConnected)
      const { child, parent: other } = yield* connected(kind)
      assert.deepStrictEqual(yield* child.remoteAddress, yield* other.listenerAddress)
      const fileno = yield* Effect.either(other.fileno)
      assert.strictEqual(fileno._tag, kind.name === "memory" ? "Left" : "Right")
    })
  )

  over("DW-40 M-4 closed, both ends may connect again, and begin with a clean frame", (kind) =>
    Effect.gen(function* () {
      const parent = yield* MessageDuct.parent({ ...kind.anywhere, serializer: Serializer.text() })
      yield* parent.bind()
      for (const word of ["first", "second"]) {
        yield* parent.bind()
        const child = yield* MessageDuct.child({
          address: yield* parent.listenerAddress,
          serializer: Serializer.text()
        })
        yield* child.connect()
        assert.isTrue(yield* parent.listen())
        yield* child.sendAll([word, "that nobody receives"])
        assert.strictEqual(yield* parent.recv, word)
        assert.isTrue(yield* parent.poll())
        yield* parent.close()
        assert.instanceOf(yield* Effect.flip(parent.recv), DuctError.NotConnected)
        assert.instanceOf(yield* Effect.flip(child.recv), DuctError.RemoteDuctClosed)
        yield* child.close()
        assert.instanceOf(yield* Effect.flip(child.recv), DuctError.NotConnected)
      }
    })
  )

  over("DW-31 DW-28 DW-29 each direction may have a format of its own", (kind) =>
    Effect.gen(function* () {
      const parent = yield* MessageDuct.parent({
        ...kind.anywhere,
        outbound: Serializer.text({ encoding: "utf-16le" }),
        inbound: Serializer.bytes
      })
      yield* parent.bind()
      const child = yield* MessageDuct.child({
        address: yield* parent.listenerAddress,
        outbound: Serializer.bytes,
        inbound: Serializer.text({ encoding: "utf-16le" })
      })
      yield* child.connect()
      yield* parent.listen()
      yield* parent.send("über 😀")
      assert.strictEqual(yield* child.recv, "über 😀")
      yield* child.send(Uint8Array.of(0, 0xff))
      assert.deepStrictEqual([...(yield* parent.recv)], [0, 0xff])
    })
  )

  over(
    "DW-31 DW-41 what one end of a pair sends the other receives, where each direction has a format of its own",
    () =>
      Effect.gen(function* () {
        const formats = { outbound: Serializer.jsonSchema(Schema.NumberFromString), inbound: Serializer.bytes }
        const [left, right] = yield* MessageDuct.pair({ ...formats, timeout: "10 seconds" })
        yield* left.send(7)
        assert.strictEqual(yield* right.recv, 7)
        yield* right.send(Uint8Array.of(0, 0xff))
        assert.deepStrictEqual([...(yield* left.recv)], [0, 0xff])
      })
  )
})

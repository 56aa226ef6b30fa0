import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { eventually, expect, expectFailure, problem, stable } from "../check.js"
import { Random } from "../pattern.js"
import type { Entry } from "../transport/entry.js"
import { type DuctSetting, expectMessage, expectMessages, items, openDucts, range } from "./setting.js"

const both = { concurrency: "unbounded" } as const

/** Laws 1 to 4 and 9: what is received is what was sent. */
export const values = (setting: DuctSetting): ReadonlyArray<Entry> => {
  const thereAndBack = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const messages = [
      "hello!",
      "hello world",
      "hello this is dog",
      ["hello world", 42],
      "test",
      ["bob", "saget"],
      null,
      true,
      0,
      -1.5e-7,
      "",
      [],
      {},
      { nested: { list: [1, [2, [3]]], none: null } },
      'żółw 漢字 🐢 \u0ff0 \u0000 \ud7ff " \\ \n'
    ]
    for (const message of messages) {
      yield* left.send(message)
      const there = yield* right.recv
      yield* right.send(there)
      yield* expectMessage(yield* left.recv, message)
    }
  })

  const inOrder = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const messages = range(2000)
    const send = Effect.forEach(messages, (message) => left.send(message), { discard: true })
    const [, received] = yield* Effect.all([send, Effect.forEach(messages, () => right.recv)], both)
    yield* expectMessages(received, messages)
  })

  const sizes = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const random = new Random(setting.seed)
    const lengths = [0, 1, 4091, 4096, 32_768, 65_525, 65_536, 65_537, 131_072, 1_000_000, 3_000_000]
    const messages = [...lengths, ...range(50).map(() => random.size(100_000))].map((length) => "x".repeat(length))
    const send = Effect.forEach(messages, (message) => left.send(message), { discard: true })
    const [, received] = yield* Effect.all([send, Effect.forEach(messages, () => right.recv)], both)
    yield* expectMessages(received, messages)
  })

  const bigMessage = "lol".repeat(131_072)
  const big = [bigMessage, 1, bigMessage, 2, bigMessage, 3]

  const concurrentSenders = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const writers = range(4)
    const writes = range(6)
    const send = (writer: number) =>
      Effect.forEach(writes, (write) => left.send([writer, write, ...big]), { discard: true })
    const expected = JSON.stringify(big)
    const next = new Map(writers.map((writer) => [writer, 0]))
    const receive = Effect.gen(function* () {
      for (let i = writers.length * writes.length; i > 0; i--) {
        const message = yield* right.recv
        const [writer, write, ...rest] = items(message)
        yield* expect(JSON.stringify(rest) === expected, "a message did not arrive whole")
        if (typeof writer !== "number") return yield* problem("a message did not arrive as it was sent")
        yield* expect(write === next.get(writer), `writer ${writer}: message ${write} came out of order`)
        next.set(writer, (next.get(writer) ?? 0) + 1)
      }
    })
    yield* Effect.all([...writers.map(send), receive], both)
  })

  const all = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const messages = range(3000)
    const receive = Effect.gen(function* () {
      const received: Array<unknown> = []
      while (received.length < messages.length) {
        const some = yield* right.recvAll
        yield* expect(some.length > 0, "recvAll gave no message")
        received.push(...some)
        // One by one and all at once, in turns: neither passes the other.
        if (received.length < messages.length) received.push(yield* right.recv)
      }
      return received
    })
    const [, received] = yield* Effect.all([left.sendAll(messages), receive], both)
    yield* expectMessages(received, messages)
  })

  const streams = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* openDucts(setting)
    const messages = range(5000)
    const send = Effect.zipRight(Stream.run(Stream.fromIterable(messages), left.sink), closeLeft())
    const [, received] = yield* Effect.all([send, Stream.runCollect(right.stream)], both)
    yield* expectMessages(Chunk.toReadonlyArray(received), messages)
  })

  const changedAfterwards = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const message = { list: [1, 2, 3], text: "as it was" }
    yield* left.send(message)
    message.list.push(4)
    message.text = "changed"
    yield* expectMessage(yield* right.recv, { list: [1, 2, 3], text: "as it was" })
  })

  const polls = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* openDucts(setting)
    yield* expect(!(yield* right.poll(Duration.zero)), "poll(0) was true with nothing here")
    yield* left.sendAll(["one", "two", "three"])
    for (const message of ["one", "two", "three"]) {
      yield* eventually(right.poll(Duration.zero).pipe(Effect.orElseSucceed(() => false)))
      yield* expect(yield* right.poll(Duration.infinity), "poll was false with a message here")
      yield* expectMessage(yield* right.recv, message)
    }
    yield* expect(!(yield* right.poll(Duration.zero)), "poll(0) was true after every message was received")
    const waiting = yield* Effect.fork(right.poll(Duration.infinity))
    yield* Effect.yieldNow()
    yield* closeLeft()
    yield* expect(yield* Fiber.join(waiting), "poll was false at the end")
    yield* expect(yield* right.poll(Duration.zero), "poll(0) was false at the end")
  })

  const stalls = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const message = "x".repeat(10_000)
    let accepted = 0
    const send = Effect.flatMap(left.send(message), () => {
      accepted += message.length
      return expect(
        accepted <= setting.maxAcceptedBytes,
        `the sender to a stalled receiver could hand over more than ${setting.maxAcceptedBytes} bytes`
      )
    })
    const sending = yield* Effect.fork(Effect.forever(send))
    const count = (yield* stable(() => accepted)) / message.length
    const exit = sending.unsafePoll()
    if (exit !== null) yield* exit
    yield* Fiber.interrupt(sending)
    for (let i = 0; i < count; i++) yield* expectMessage(yield* right.recv, message)
  })

  const isBusy = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    const first = yield* Effect.fork(right.recv)
    yield* Effect.yieldNow()
    yield* expectFailure("a second concurrent recv", right.recv, "DuctBusy")
    yield* expectFailure("a concurrent recvAll", right.recvAll, "DuctBusy")
    yield* left.sendAll([1, 2])
    yield* expectMessage(yield* Fiber.join(first), 1)
    yield* expectMessage(yield* right.recv, 2)
  })

  const cannotBeSerialized = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    yield* expectFailure("send", left.send(setting.unserializable), "SerializeError")
    yield* left.send("one")
    yield* expectFailure("sendAll", left.sendAll(["two", setting.unserializable, "three"]), "SerializeError")
    yield* left.send("four")
    for (const message of ["one", "two", "four"]) yield* expectMessage(yield* right.recv, message)
  })

  const cannotBeDecoded = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    yield* left.sendAll(["one", setting.undecodable, "two", setting.undecodable, setting.undecodable, "three"])
    yield* expectMessage(yield* right.recv, "one")
    yield* expectFailure("recv", right.recv, "DeserializeError")
    yield* expectMessage(yield* right.recv, "two")
    yield* expect(yield* right.poll(Duration.infinity), "poll was false with a message here that does not decode")
    yield* expectFailure("recv", right.recv, "DeserializeError")
    yield* expectFailure("recvAll", right.recvAll, "DeserializeError")
    yield* expectMessage(yield* right.recvAll, ["three"])
  })

  return [
    [1, "any JSON value goes there and back", thereAndBack],
    [1, "messages arrive in order", inOrder],
    [1, "messages of any size arrive whole", sizes],
    [1, "recvAll gives all, in order", all],
    [1, "a sink and a stream carry all, in order, to the end", streams],
    [1, "a message that is changed after it was sent arrives as it was", changedAfterwards],
    [2, "concurrent senders never interleave", concurrentSenders],
    [3, "poll says whether a message, or the end, is here", polls],
    [4, "a receiver that stalls holds up the sender", stalls],
    [8, "a second concurrent receive fails DuctBusy and disturbs nobody", isBusy],
    [9, "a message that cannot be serialized sends nothing", cannotBeSerialized],
    ...(setting.undecodable === undefined
      ? []
      : [[9, "after a message that cannot be decoded the next one arrives", cannotBeDecoded] as const])
  ]
}

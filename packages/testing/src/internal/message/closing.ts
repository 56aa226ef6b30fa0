import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { expect, expectFailure, problem, stable } from "../check.js"
import type { Entry } from "../transport/entry.js"
import { type DuctSetting, expectMessage, expectMessages, openDucts, range } from "./setting.js"

/** Laws 6 and 7: closing, and the end. */
export const closing = (setting: DuctSetting): ReadonlyArray<Entry> => {
  const wakes = (how: "close" | "scope") =>
    Effect.gen(function* () {
      const { closeLeft, left } = yield* openDucts(setting, { linger: Duration.millis(20) })
      const filling = yield* Effect.fork(Effect.flip(Effect.forever(left.send("x".repeat(10_000)))))
      yield* stable(() => (filling.unsafePoll() === null ? 0 : 1))
      const receiving = yield* Effect.fork(Effect.flip(left.recv))
      const waits = [
        ["recv", Effect.map(Fiber.join(receiving), ({ _tag }) => _tag)],
        ["send", Effect.map(Fiber.join(filling), ({ _tag }) => _tag)]
      ] as const
      yield* Effect.yieldNow()
      yield* how === "close" ? left.close() : closeLeft()
      for (const [operation, ended] of waits) {
        const tag = yield* ended
        yield* expect(tag === "DuctClosed", `a waiting ${operation} ended with ${tag}, expected DuctClosed`)
      }
      yield* expectFailure("recv when closed", left.recv, "DuctClosed", "NotConnected")
      yield* expectFailure("send when closed", left.send("x"), "DuctClosed", "NotConnected")
      yield* left.close()
      yield* closeLeft()
      yield* closeLeft()
    })

  const wakesPoll = Effect.gen(function* () {
    const { left } = yield* openDucts(setting)
    const poll = yield* Effect.fork(
      Effect.match(left.poll(Duration.infinity), { onFailure: (error) => error._tag, onSuccess: () => "success" })
    )
    yield* Effect.yieldNow()
    yield* left.close()
    const tag = yield* Fiber.join(poll)
    yield* expect(tag === "DuctClosed", `a waiting poll ended with ${tag}, expected DuctClosed`)
  })

  const everythingFirst = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* openDucts(setting)
    const messages = range(100)
    yield* left.sendAll(messages)
    yield* closeLeft()
    yield* expectMessages(yield* Effect.forEach(messages, () => right.recv), messages)
    for (let i = 0; i < 2; i++) {
      yield* expectFailure("recv at the end", right.recv, "RemoteDuctClosed")
      yield* expectFailure("recvAll at the end", right.recvAll, "RemoteDuctClosed")
      yield* expect(yield* right.poll(Duration.zero), "poll(0) was false at the end")
    }
    const rest = Chunk.toReadonlyArray(yield* Stream.runCollect(right.stream))
    yield* expect(rest.length === 0, `the stream gave ${rest.length} messages after the end`)
    // The end was seen, so a send must say that the peer is gone; a half-closed one would still take it.
    const failed = yield* Effect.flip(Effect.forever(right.send("test")))
    yield* expect(
      failed._tag === "RemoteDuctClosed" || failed._tag === "RemoteDuctReset",
      `a send to a closed duct failed with ${failed._tag}`
    )
  })

  const waitingAtTheEnd = Effect.gen(function* () {
    const { closeLeft, right } = yield* openDucts(setting)
    const waiting = yield* Effect.fork(expectFailure("a waiting recv", right.recv, "RemoteDuctClosed"))
    yield* Effect.yieldNow()
    yield* closeLeft()
    yield* Fiber.join(waiting)
  })

  const halfClose = Effect.gen(function* () {
    const { left, right } = yield* openDucts(setting)
    yield* left.send("last")
    const ending = yield* Effect.fork(Effect.either(left.endWrite))
    yield* expectMessage(yield* right.recv, "last")
    const ended = yield* Fiber.join(ending)
    if (ended._tag === "Left") {
      return ended.left._tag === "Unsupported" ? undefined : yield* problem(`endWrite failed with ${ended.left._tag}`)
    }
    yield* expectFailure("recv at the end", right.recv, "RemoteDuctClosed")
    yield* right.send("still here")
    yield* expectMessage(yield* left.recv, "still here")
  })

  return [
    [6, "close wakes every waiter with DuctClosed, and again is fine", wakes("close")],
    [6, "leaving the scope wakes every waiter with DuctClosed, and again is fine", wakes("scope")],
    [6, "close wakes a waiting poll with DuctClosed", wakesPoll],
    [7, "everything that was sent comes before the end, and the end is sticky", everythingFirst],
    [7, "a waiting receive ends with the duct", waitingAtTheEnd],
    [7, "after endWrite the other end sees the end and can still send", halfClose]
  ]
}

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Emptiness } from "../src/internal/sock/emptiness.js"
import { Sock } from "../src/index.js"
import { bytes, native, text } from "./support/suite.js"

/** Question and answer: one message of a known length, then nothing. */
const exchange = (emptiness: Emptiness) => {
  emptiness.waited()
  emptiness.took(64, 64)
  if (emptiness.isLikely) return true
  emptiness.foundNothing()
  return false
}

describe("the guess that a stream is empty", () => {
  it("SH-22 a receive that was not filled emptied it", () => {
    const emptiness = new Emptiness()
    emptiness.took(10, 64)
    assert.isTrue(emptiness.isLikely)
    emptiness.waited()
    assert.isFalse(emptiness.isLikely)
  })

  it("SH-22 messages that come alone are learnt after two, and asked about again after sixteen", () => {
    const emptiness = new Emptiness()
    const guesses = Array.from({ length: 21 }, () => exchange(emptiness))
    assert.deepStrictEqual(guesses.map((guess) => (guess ? "x" : ".")).join(""), "..xxxxxxxxxxxxxxxx.xx")
  })

  it("SH-22 a second message after a wait ends that", () => {
    const emptiness = new Emptiness()
    for (let i = 0; i < 18; i++) exchange(emptiness)
    emptiness.waited()
    emptiness.took(64, 64)
    assert.isFalse(emptiness.isLikely)
    emptiness.took(64, 64)
    emptiness.foundNothing()
    assert.isFalse(exchange(emptiness))
  })

  it("SH-22 in the midst of much, less than was asked for is no sign of the end; a receive that finds nothing is", () => {
    const emptiness = new Emptiness()
    emptiness.took(65_536, 1_048_576)
    emptiness.took(10, 1_048_576)
    assert.isTrue(emptiness.isFlowing)
    assert.isFalse(emptiness.isLikely)
    emptiness.foundNothing()
    assert.isFalse(emptiness.isFlowing)
  })

  it("SH-22 much that answers what was sent is no beginning of more; what comes behind it is", () => {
    const emptiness = new Emptiness()
    emptiness.took(65_536, 1_048_576)
    emptiness.sent()
    assert.isFalse(emptiness.isFlowing)
    emptiness.took(65_536, 1_048_576)
    assert.isFalse(emptiness.isFlowing)
    emptiness.took(65_536, 1_048_576)
    assert.isTrue(emptiness.isFlowing)
  })

  it("SH-22 an answer is looked for at once, until that was in vain often: then after every sixteenth question", () => {
    const emptiness = new Emptiness()
    const looks = (questions: number, isAnswered: boolean) =>
      Array.from({ length: questions }, () => {
        emptiness.waited()
        emptiness.took(10, 64)
        emptiness.sent()
        if (emptiness.isLikely) return "."
        if (isAnswered) emptiness.took(10, 64)
        else emptiness.foundNothing()
        return "x"
      }).join("")
    assert.strictEqual(looks(36, false), `${"x".repeat(4)}${".".repeat(15)}x${".".repeat(15)}x`)
    assert.strictEqual(looks(32, true), `${".".repeat(15)}${"x".repeat(17)}`)
  })

  it("SH-22 without a question a stream that was emptied is not asked again before a wait", () => {
    const emptiness = new Emptiness()
    emptiness.sent()
    emptiness.waited()
    emptiness.took(10, 64)
    assert.isTrue(emptiness.isLikely)
  })

  native(
    "SH-22 an answer that is here already is taken without a wait",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      yield* one.send(bytes("first"))
      assert.strictEqual(text(yield* two.recv(64)), "first")
      yield* one.send(bytes("second"))
      yield* two.send(bytes("answer"))
      // A wait would not be synchronous.
      assert.strictEqual(text(Effect.runSync(two.recv(64))), "second")
    })
  )

  native(
    "SH-22 SH-23 a wrong guess loses nothing: more comes after many questions and answers",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const echo = yield* Effect.fork(Effect.forever(Effect.flatMap(two.recvExact(4), (data) => two.send(data))))
      for (let i = 0; i < 10; i++) {
        yield* one.send(bytes("ping"))
        assert.strictEqual(text(yield* one.recvExact(4)), "ping")
      }
      const many = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(20)
      yield* one.send(bytes(many))
      assert.strictEqual(text(yield* one.recvExact(many.length)), many)
      yield* Fiber.interrupt(echo)
    })
  )
})

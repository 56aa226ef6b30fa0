import { checkTransport, Conformance, MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import * as Broken from "./support/broken.js"

const checks = checkTransport({ cannot: ["fileno"], bytes: 500_000, deadline: "1 second" })

const breaks: ReadonlyArray<readonly [string, typeof Broken.reorders, law: number, check: string]> = [
  ["loses the last chunk", Broken.losesTheLastChunk, 2, "data comes before the end, and the end is sticky"],
  ["loses the last chunk", Broken.losesTheLastChunk, 6, "success lingers until the bytes have left"],
  [
    "loses the last chunk",
    Broken.losesTheLastChunk,
    6,
    "success closes on an end that still sends, and has not read everything"
  ],
  ["reads ahead without a limit", Broken.readsAhead, 4, "a reader that never read stalls the writer, and both go on"],
  ["forgets what is deferred", Broken.forgetsTheDeferred, 1, "what is deferred keeps its place among what is written"],
  ["forgets what is deferred", Broken.forgetsTheDeferred, 6, "what is deferred leaves before a connection closes"],
  ["lets a write overtake", Broken.overtakesTheDeferred, 1, "what is deferred keeps its place among what is written"],
  ["reorders chunks", Broken.reorders, 1, "bytes both ways at once arrive whole and in order"],
  ["drops bytes on interruption", Broken.dropsOnInterrupt, 5, "a pull that is interrupted as bytes arrive loses none"],
  ["drops bytes on interruption", Broken.dropsOnInterrupt, 5, "an interrupted pull, readable or poll loses no byte"],
  ["tears writes on interruption", Broken.tearsOnInterrupt, 5, "an interrupted write was taken whole or not at all"],
  ["mixes concurrent writes", Broken.tearsOnInterrupt, 1, "concurrent writers do not mix their chunks"],
  ["flushes too early", Broken.flushesTooEarly, 1, "borrowed bytes may be reused after flush"],
  ["flushes too early", Broken.flushesTooEarly, 4, "flush waits until the bytes have left"],
  ["forgets the end", Broken.forgetsTheEnd, 2, "data comes before the end, and the end is sticky"],
  ["closes both halves", Broken.closesBothHalves, 3, "after endWrite the other end sees the end and can still send"],
  ["lets two pull", Broken.queuesReaders, 8, "a second concurrent pull fails DuctBusy and disturbs nobody"],
  ["does not abort", Broken.abortsSilently, 7, "a reset ends every waiter"],
  ["does not close", Broken.abortsSilently, 6, "close wakes every waiter with DuctClosed, and again is fine"],
  ["dies at the end", Broken.diesAtTheEnd, 2, "data comes before the end, and the end is sticky"],
  ["ignores the time-out", Broken.pollsForEver, 4, "poll ends at its own time, or never"],
  ["loses connections", Broken.losesAccepted, 5, "an interrupted accept loses no connection"]
]

describe("DW-42 checkTransport catches a transport that", () => {
  for (const [fault, transport, law, name] of breaks) {
    it.effect(`${fault}: ${name}`, () =>
      Effect.gen(function* () {
        const check = checks.find((check) => check.name === name)
        assert.isDefined(check)
        const violation = yield* Effect.flip(check.run)
        assert.instanceOf(violation, Conformance.Violation)
        assert.strictEqual(violation.law, law)
        assert.strictEqual(violation.check, name)
        assert.isNotEmpty(violation.problem)
      }).pipe(Effect.provide(transport))
    )
  }

  it.live("leaves something behind", () =>
    Effect.gen(function* () {
      let count = 0
      const leaking = checkTransport({ probe: Effect.sync(() => ++count) })
      const violations = yield* Effect.flip(Conformance.assertAll(leaking.filter(({ law }) => law === 9)))
      assert.include(violations.problem, "more are open than before")
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

const whole = "pullInto gives the bytes that pull would, then the end"
const interrupted = "an interrupted pullInto loses no byte and leaves the buffer alone"

describe("DW-42 checkTransport catches a pullInto that", () => {
  const caught = (fault: string, name: string, transport: typeof Broken.reorders) =>
    it.live(`${fault}: ${name}`, () =>
      Effect.gen(function* () {
        const check = checks.find((check) => check.name === name)
        assert.isDefined(check)
        assert.instanceOf(yield* Effect.flip(check.run), Conformance.Violation)
      }).pipe(Effect.provide(transport))
    )

  caught("writes behind the bytes it tells of", whole, Broken.writesTooFar)
  caught("goes on with a buffer that is not its own any more", interrupted, Broken.keepsTheBuffer)
  caught("drops bytes on interruption", interrupted, Broken.dropsInto)
})

describe("a report", () => {
  it.live("names what passed and what did not", () =>
    Effect.gen(function* () {
      const some = checks.filter(({ law }) => law === 8)
      const good = yield* Conformance.report(some).pipe(Effect.provide(MemoryTransport.layer))
      assert.deepStrictEqual(good, { passed: some.map(({ name }) => name), violations: [] })
      const bad = yield* Conformance.report(some).pipe(Effect.provide(Broken.queuesReaders))
      assert.strictEqual(bad.violations.length + bad.passed.length, some.length)
      assert.isAbove(bad.violations.length, 0)
    })
  )

  it.live("an interrupted check is interrupted, and no violation", () =>
    Effect.gen(function* () {
      const check = checks.find(({ law }) => law === 4)
      assert.isDefined(check)
      const exit = yield* Effect.exit(Effect.timeoutFail(check.run, { duration: "10 millis", onTimeout: () => "over" }))
      assert.deepStrictEqual(exit, Exit.fail("over"))
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { concat, drain, ends, live, stable } from "./support/transport.js"

describe("back-pressure", () => {
  live(
    "what a sender may hand over to a reader that stalls stays under 1 MiB while 1 GiB is offered",
    Effect.gen(function* () {
      const { child, parent } = yield* ends(Option.none())
      const piece = new Uint8Array(4096)
      let accepted = 0
      const writer = yield* Effect.fork(
        Effect.forever(Effect.tap(child.write([piece]), () => Effect.sync(() => (accepted += piece.length))))
      )
      yield* parent.readable
      const settled = yield* stable(() => accepted)
      assert.isBelow(settled, 1024 * 1024)
      for (let received = 0; received < settled; received += concat(yield* parent.pull).length);
      yield* Effect.repeat(parent.pull, { until: () => accepted > settled })
      yield* Fiber.interrupt(writer)
    })
  )

  for (const readAhead of [NaN, -1, 0, 0.5, Infinity]) {
    live(
      `a readAhead of ${readAhead} neither hangs nor loses anything`,
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(Option.none(), { readAhead })
        const sent = new Uint8Array(100_000).map((_, index) => index % 251)
        yield* Effect.fork(Effect.zipRight(child.write([sent]), Scope.close(childScope, Exit.void)))
        const { bytes, end } = yield* drain(parent)
        assert.isTrue(bytes.equals(sent))
        assert.strictEqual(end._tag, "RemoteDuctClosed")
      })
    )
  }

  live(
    "a readAhead, highWaterMark or backlog that is no number is the default",
    Effect.gen(function* () {
      const { child, parent } = yield* ends(Option.none(), { readAhead: NaN, highWaterMark: NaN, backlog: NaN })
      let accepted = 0
      const write = Effect.tap(child.write([new Uint8Array(4096)]), () => Effect.sync(() => (accepted += 4096)))
      yield* Effect.fork(Effect.forever(write))
      yield* parent.readable
      assert.isBelow(yield* stable(() => accepted), 1024 * 1024)
    })
  )
})

import { Connection, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const bytes = new Uint8Array(1000).fill(7)

describe("odd sizes in settings", () => {
  for (const highWaterMark of [0, -1, Number.NaN, 0.5, Number.POSITIVE_INFINITY]) {
    it.scoped(`DW-1 a high-water mark of ${highWaterMark} does not stop an idle duct from sending (memory)`, () =>
      Effect.gen(function* () {
        const [parent, child] = yield* RawDuct.pair({ highWaterMark })
        yield* parent.sendAll(bytes)
        yield* parent.sendAll(bytes)
        assert.strictEqual((yield* child.recvExact(2000)).length, 2000)
      }).pipe(Effect.provide(MemoryTransport.layer))
    )
  }

  it("are the default where they are no number, and at least 1", () => {
    assert.deepStrictEqual(
      [undefined, Number.NaN, 0, -5, 7, Number.POSITIVE_INFINITY].map((asked) => Connection.sizeOr(asked, 42)),
      [42, 42, 1, 1, 7, Number.POSITIVE_INFINITY]
    )
  })
})

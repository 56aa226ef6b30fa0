import { RawDuct } from "@ductworks/core"
import { isSucceeded } from "@ductworks/core/Settled"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { bytes, text } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

describe("lines", () => {
  it.scoped("lineOf is what the duct's own line gives, with a connection and without", () =>
    Effect.gen(function* () {
      const [left] = yield* RawDuct.pair()
      assert.isDefined(left.line())
      assert.strictEqual(RawDuct.lineOf(left), left.line())
      const unbound = yield* RawDuct.parent()
      assert.isUndefined(unbound.line())
      assert.isUndefined(RawDuct.lineOf(unbound))
    }).pipe(memory)
  )

  it.scoped("a copy of a duct in which the line is replaced is asked for its own", () =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      assert.strictEqual(RawDuct.lineOf({ ...left, line: right.line }), right.line())
      assert.strictEqual(RawDuct.lineOf({ ...left }), left.line())
    }).pipe(memory)
  )

  it.scoped("a duct over a copy of a connection uses what was replaced in it", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MemoryTransport.make().pair()
      const loud: typeof left = {
        ...left,
        take: () => {
          const taken = left.take()
          return taken === undefined || "_tag" in taken ? taken : [bytes(text(taken[0]).toUpperCase())]
        }
      }
      yield* right.write([bytes("abc")])
      assert.strictEqual(text(yield* RawDuct.fromConnection(loud).recvExact(3)), "ABC")
      yield* right.write([bytes("abc")])
      assert.strictEqual(text(yield* RawDuct.fromConnection(left).recvExact(3)), "abc")
    }).pipe(memory)
  )
})

it("isSucceeded is true of a success that is there, and of nothing else", () => {
  assert.isTrue(isSucceeded(Exit.succeed(1)))
  assert.isTrue(isSucceeded(Exit.void))
  for (const other of [Exit.fail("no"), Exit.die("no"), Effect.sync(() => 1), Effect.suspend(() => Exit.void)]) {
    assert.isFalse(isSucceeded(other))
  }
})

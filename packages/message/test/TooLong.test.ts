import { MessageDuct } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

const half = "x".repeat(2 ** 28)

it.scoped("DW-32 a message whose text V8 cannot hold is too large, and sends nothing (memory)", () =>
  Effect.gen(function* () {
    // The harm: an error that names no limit.
    assert.throws(() => JSON.stringify([half, half]), RangeError, "Invalid string length")

    const [parent, child] = yield* MessageDuct.pair()
    const error = yield* Effect.flip(parent.send([half, half]))
    assert.strictEqual(error._tag, "MessageTooLarge")
    assert.include(error.message, "over the limit of 16777216 bytes (maxMessageBytes)")
    yield* parent.send("next")
    assert.strictEqual(yield* child.recv, "next")
  }).pipe(Effect.provide(MemoryTransport.layer))
)

it.scoped("DW-32 and says so when no smaller limit applies (memory)", () =>
  Effect.gen(function* () {
    const [parent] = yield* MessageDuct.pair({ maxMessageBytes: Number.POSITIVE_INFINITY })
    const error = yield* Effect.flip(parent.send([half, half]))
    assert.strictEqual(error._tag, "MessageTooLarge")
    assert.include(error.message, "V8's longest string")
  }).pipe(Effect.provide(MemoryTransport.layer))
)

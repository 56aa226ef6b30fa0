import { MessageDuct, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

const tooLong = 2 ** 30

const serializer = Serializer.fromText<number>({
  name: "long",
  encode: (length) => "x".repeat(length),
  decode: (text) => text.length
})

it.scoped("DW-32 a message whose text V8 cannot hold is too large, and sends nothing (memory)", () =>
  Effect.gen(function* () {
    // The harm: an error that names no limit.
    assert.throws(() => "x".repeat(tooLong), RangeError, "Invalid string length")

    const [parent, child] = yield* MessageDuct.pair({ serializer })
    const error = yield* Effect.flip(parent.send(tooLong))
    assert.strictEqual(error._tag, "MessageTooLarge")
    assert.include(error.message, "over the limit of 16777216 bytes (maxMessageBytes)")
    yield* parent.send(3)
    assert.strictEqual(yield* child.recv, 3)
  }).pipe(Effect.provide(MemoryTransport.layer))
)

it.scoped("DW-32 and says so when no smaller limit applies (memory)", () =>
  Effect.gen(function* () {
    const [parent] = yield* MessageDuct.pair({ serializer, maxMessageBytes: Number.POSITIVE_INFINITY })
    const error = yield* Effect.flip(parent.send(tooLong))
    assert.strictEqual(error._tag, "MessageTooLarge")
    assert.include(error.message, "V8's longest string")
  }).pipe(Effect.provide(MemoryTransport.layer))
)

import { MessageDuct, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

/** Joins texts, or would: V8 is asked for the length alone, since a test that makes texts so long takes long, too. */
const serializer = Serializer.fromText<ReadonlyArray<string>>({
  name: "joined",
  encode: (texts) => {
    const length = texts.reduce((sum, text) => sum + text.length, 0)
    return length < 100 ? texts.join("") : "x".repeat(length)
  },
  decode: (text) => [text]
})

// More characters than a text can have, in one piece of memory.
const tooLong = Array.from({ length: 40 }, () => "x".repeat(2 ** 24))

it.scoped("DW-32 a message whose text V8 cannot hold is too large, and sends nothing (memory)", () =>
  Effect.gen(function* () {
    // The harm: an error that names no limit.
    assert.throws(() => "x".repeat(40 * 2 ** 24), RangeError, "Invalid string length")

    const [parent, child] = yield* MessageDuct.pair({ serializer })
    const error = yield* Effect.flip(parent.send(tooLong))
    assert.strictEqual(error._tag, "MessageTooLarge")
    assert.include(error.message, "over the limit of 16777216 bytes (maxMessageBytes)")
    yield* parent.send(["a", "b"])
    assert.deepStrictEqual(yield* child.recv, ["ab"])
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

it.scoped("DW-32 another RangeError is the serializer's own (memory)", () =>
  Effect.gen(function* () {
    const format = { name: "cut", encode: (digits: number) => (1).toFixed(digits), decode: Number }
    const [parent] = yield* MessageDuct.pair({ serializer: Serializer.fromText(format) })
    const error = yield* Effect.flip(parent.send(1000))
    assert.strictEqual(error._tag, "SerializeError")
    assert.instanceOf(error.cause, RangeError)
  }).pipe(Effect.provide(MemoryTransport.layer))
)

import { Buffers, DuctError } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"

const closed = new DuctError.RemoteDuctClosed({})
const reset = new DuctError.RemoteDuctReset({})
const bytes = FastCheck.uint8Array({ maxLength: 20 })

describe("Inbox", () => {
  it("gives everything, then the first end, for ever", () => {
    const inbox = new Buffers.Inbox(3)
    assert.isUndefined(inbox.take())
    inbox.push(Uint8Array.of(1))
    inbox.push(new Uint8Array(0))
    assert.isFalse(inbox.isFull)
    inbox.push(Uint8Array.of(2, 3))
    assert.isTrue(inbox.isFull)
    assert.strictEqual(inbox.size, 3)
    inbox.end(closed)
    inbox.end(reset)
    inbox.push(Uint8Array.of(4))
    assert.isTrue(inbox.isEnded)
    assert.deepStrictEqual(inbox.take(), [Uint8Array.of(1), Uint8Array.of(2, 3)])
    assert.strictEqual(inbox.size, 0)
    assert.isFalse(inbox.isFull)
    assert.strictEqual(inbox.take(), closed)
    assert.strictEqual(inbox.take(), closed)
  })
})

describe("Inbox.takeInto", () => {
  it("SH-24 fills the buffer, keeps what has no room, then gives the end", () => {
    const inbox = new Buffers.Inbox(9)
    const buffer = new Uint8Array(3)
    assert.isUndefined(inbox.takeInto(buffer))
    inbox.push(Uint8Array.of(1, 2))
    inbox.push(Uint8Array.of(3, 4, 5))
    inbox.end(closed)
    assert.strictEqual(inbox.takeInto(buffer), 3)
    assert.deepStrictEqual(buffer, Uint8Array.of(1, 2, 3))
    assert.strictEqual(inbox.size, 2)
    assert.strictEqual(inbox.takeInto(buffer), 2)
    assert.deepStrictEqual(buffer, Uint8Array.of(4, 5, 3))
    assert.strictEqual(inbox.takeInto(buffer), closed)
  })
})

describe("Outbox", () => {
  it("joins what is adjacent in one buffer, without a copy", () => {
    const slab = Uint8Array.from({ length: 10 }, (_, index) => index)
    const outbox = new Buffers.Outbox()
    outbox.push([slab.subarray(0, 2), slab.subarray(2, 5)])
    outbox.push([slab.subarray(5, 6)])
    outbox.push([slab.subarray(7, 8)])
    outbox.push([Uint8Array.of(9), new Uint8Array(0)])
    assert.strictEqual(outbox.size, 8)
    const taken = outbox.take()
    assert.deepStrictEqual(taken, [slab.subarray(0, 6), slab.subarray(7, 8), Uint8Array.of(9)])
    assert.strictEqual(taken[0]?.buffer, slab.buffer)
    assert.strictEqual(outbox.size, 0)
    assert.deepStrictEqual(outbox.take(), [])
  })

  it.prop(
    "keeps the bytes and their order, whatever is joined",
    [FastCheck.array(bytes), FastCheck.boolean()],
    ([chunks, isOneSlab]) => {
      const all = chunks.flatMap((chunk) => [...chunk])
      const slab = Uint8Array.from(all)
      const outbox = new Buffers.Outbox()
      let offset = 0
      for (const chunk of chunks) {
        outbox.push([isOneSlab ? slab.subarray(offset, offset + chunk.length) : chunk])
        offset += chunk.length
      }
      assert.strictEqual(outbox.size, all.length)
      const taken = outbox.take()
      assert.deepStrictEqual(
        taken.flatMap((chunk) => [...chunk]),
        all
      )
      if (isOneSlab) assert.isAtMost(taken.length, 1)
    }
  )
})

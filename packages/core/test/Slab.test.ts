import { Slab } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"

describe("Slab", () => {
  it("copies chunks into one piece, small ones side by side", () => {
    const source = Uint8Array.of(1, 2, 3)
    const first = Slab.copyOf([source, Buffer.from([4])], 4)
    const second = Slab.copyOf([source], 3)
    source.fill(0)
    assert.deepStrictEqual([...first, ...second], [1, 2, 3, 4, 1, 2, 3])
    assert.strictEqual(second.buffer, first.buffer)
    assert.strictEqual(second.byteOffset, first.byteOffset + first.length)
  })

  it("never gives the same memory twice, whatever the sizes", () => {
    const copies = Array.from({ length: 500 }, (_, i) => {
      const size = (i * 7919) % (Slab.largest + 2)
      return { byte: i % 251, copy: Slab.copyOf([new Uint8Array(size).fill(i % 251)], size), size }
    })
    for (const { byte, copy, size } of copies) {
      assert.strictEqual(copy.length, size)
      assert.isTrue(copy.every((each) => each === byte))
    }
  })

  it("keeps what is large out of the slab", () => {
    const large = Slab.copyOf([new Uint8Array(Slab.largest + 1)], Slab.largest + 1)
    assert.strictEqual(large.buffer.byteLength, large.length)
  })
})

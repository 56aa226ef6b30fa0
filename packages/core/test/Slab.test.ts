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

describe("part", () => {
  it("is what subarray gives, of the slab and of any other memory", () => {
    const others = [new Uint8Array(new ArrayBuffer(100), 20, 30), new Uint8Array(50)]
    for (const memory of [Slab.room(100), ...others, Slab.room(Slab.largest)]) {
      const part = Slab.part(memory, 3, 20)
      assert.strictEqual(part.length, 17)
      assert.isTrue(part.buffer === memory.buffer)
      assert.strictEqual(part.byteOffset, memory.byteOffset + 3)
    }
  })

  it("is of the slab that is, when that was renewed", () => {
    const before = Slab.room(1)
    for (let i = 0; i < 8; i++) Slab.copyOf([new Uint8Array(Slab.largest)], Slab.largest)
    const after = Slab.room(1)
    assert.notStrictEqual(after, before)
    assert.isTrue(Slab.part(after, 0, 1).buffer === after.buffer)
    assert.isTrue(Slab.part(before, 0, 1).buffer === before.buffer)
  })
})

describe("Copies", () => {
  it("are nobody else's, whatever their sizes", () => {
    const copies = new Slab.Copies()
    const made = Array.from({ length: 500 }, (_, i) => {
      const source = new Uint8Array((i * 7919) % 5000).fill(i % 251)
      const copy = copies.copyOf(source)
      source.fill(255)
      return { byte: i % 251, copy, size: source.length }
    })
    for (const { byte, copy, size } of made) {
      assert.strictEqual(copy.length, size)
      assert.isTrue(copy.every((each) => each === byte))
    }
  })

  it("keep 8 KiB at most besides themselves, in memory that was made for it", () => {
    const fresh: Array<ArrayBufferLike> = []
    const copies = new Slab.Copies((size) => {
      const memory = new ArrayBuffer(size)
      fresh.push(memory)
      return memory
    })
    const small = Array.from({ length: 100 }, () => copies.copyOf(new Uint8Array(100)))
    assert.strictEqual(fresh.length, 2)
    assert.isTrue(small.every(({ buffer }) => fresh.includes(buffer) && buffer.byteLength === 8192))
    assert.strictEqual(copies.copyOf(new Uint8Array(64)).buffer.byteLength, 64)
    assert.strictEqual(copies.copyOf(new Uint8Array(2048)).buffer.byteLength, 2048)
    assert.strictEqual(fresh.length, 2)
  })

  it("are plain arrays of bytes, also of a Buffer", () => {
    const copies = new Slab.Copies()
    for (const size of [1, 100, 5000]) {
      assert.strictEqual(Object.getPrototypeOf(copies.copyOf(Buffer.alloc(size))), Uint8Array.prototype)
    }
  })
})

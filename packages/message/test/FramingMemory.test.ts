import { Framing } from "@ductworks/message"
import { assert, it } from "@effect/vitest"
import { cut, frame } from "./support/frames.js"
import { collect } from "./support/memory.js"

/** Bytes of array buffers that are still alive. */
const held = (): number => {
  collect()
  return process.memoryUsage().arrayBuffers
}

const MiB = 1024 * 1024
const framings = [Framing.ductworks, Framing.lengthPrefix32, Framing.lines]

it("DW-27 nothing is reserved for a length: neither one over the limit nor one within it", () => {
  const before = held()
  const decoders = [1, 2, 3, 4].flatMap(() =>
    [Framing.ductworks, Framing.lengthPrefix32].map((framing) => {
      const header = new Uint8Array(framing.headerBytes)
      framing.seal(header, 0, 64 * MiB)
      const over = framing.decoder(16 * MiB)
      over.push(header.slice())
      assert.deepStrictEqual(over.next(), { _tag: "TooLarge", size: 64 * MiB, limit: 16 * MiB })
      const within = framing.decoder(64 * MiB)
      within.push(header.slice())
      assert.isUndefined(within.next())
      return [over, within]
    })
  )
  assert.isBelow(held() - before, MiB)
  assert.strictEqual(decoders.length, 8)
})

it("a few bytes of an unfinished frame do not keep the chunk alive that they came in", () => {
  // The harm: a subarray of one byte holds its 256 KiB.
  assert.strictEqual(new Uint8Array(256 * 1024).subarray(0, 1).buffer.byteLength, 256 * 1024)
  for (const framing of framings) {
    const whole = frame(framing, new Uint8Array(1000).fill(1))
    const before = held()
    const decoders = Array.from({ length: 64 }, () => {
      const decoder = framing.decoder(MiB)
      const chunk = new Uint8Array(256 * 1024)
      chunk.set(whole)
      chunk.set(whole.subarray(0, 3), whole.length)
      decoder.push(chunk.subarray(0, whole.length + 3))
      assert.instanceOf(decoder.next(), Uint8Array)
      assert.isUndefined(decoder.next())
      // And once more, for a chunk in the middle of a frame.
      decoder.push(chunk.slice().subarray(3, 10))
      assert.isUndefined(decoder.next())
      return decoder
    })
    assert.isBelow(held() - before, MiB, framing.name)
    assert.isTrue(decoders.every((decoder) => decoder.partial()?.received === 10))
  }
})

it("consumed chunks are released, and so is everything after a fault", () => {
  for (const framing of framings) {
    const before = held()
    const decoder = framing.decoder(MiB)
    const failed = framing.decoder(10)
    for (let i = 0; i < 32; i++) {
      decoder.push(frame(framing, new Uint8Array(MiB).fill(1)))
      assert.instanceOf(decoder.next(), Uint8Array)
      failed.push(frame(framing, new Uint8Array(MiB).fill(1)))
      failed.next()
    }
    // Of 64 MiB; the last few are still on the stack.
    assert.isBelow(held() - before, 8 * MiB, framing.name)
    assert.isUndefined(decoder.next())
    assert.isDefined(failed.next())
  }
})

it("a message in 1-byte chunks costs linear time, and memory in proportion to its bytes", () => {
  const cost = (framing: Framing.Framing, size: number): number => {
    const bytes = frame(framing, new Uint8Array(size).fill(1))
    const decoder = framing.decoder(size)
    const start = process.hrtime.bigint()
    for (let i = 0; i < bytes.length - 1; i++) {
      decoder.push(bytes.subarray(i, i + 1))
      decoder.next()
    }
    const elapsed = Number(process.hrtime.bigint() - start)
    decoder.push(bytes.subarray(-1))
    const message = decoder.next()
    assert.isTrue(message instanceof Uint8Array && message.length === size)
    return elapsed
  }
  for (const framing of framings) {
    cost(framing, 4096)
    const small = Math.min(cost(framing, 65_536), cost(framing, 65_536))
    // 16 times the bytes: quadratic behaviour would be a factor of 256.
    assert.isBelow(cost(framing, 16 * 65_536), small * 80, framing.name)

    const decoder = framing.decoder(MiB)
    const before = held()
    const heapBefore = process.memoryUsage().heapUsed
    for (const byte of frame(framing, new Uint8Array(MiB).fill(1)).subarray(0, -1)) {
      decoder.push(Uint8Array.of(byte))
      decoder.next()
    }
    // One object of some 200 bytes a chunk would be 200 MiB.
    assert.isBelow(held() - before + (process.memoryUsage().heapUsed - heapBefore), 8 * MiB, framing.name)
    assert.isDefined(decoder.partial())
  }
})

it("a 16 MiB message in 64 KiB chunks costs in proportion to a 1 MiB one", () => {
  const cost = (size: number): number => {
    const bytes = frame(Framing.ductworks, new Uint8Array(size))
    const chunks = cut(
      bytes,
      Array.from({ length: size / 65_536 }, (_, i) => i * 65_536)
    )
    const times = [1, 2, 3, 4, 5].map(() => {
      const decoder = Framing.ductworks.decoder(size)
      const start = process.hrtime.bigint()
      let message = decoder.next()
      for (const chunk of chunks) {
        decoder.push(chunk)
        message = decoder.next()
      }
      assert.instanceOf(message, Uint8Array)
      return Number(process.hrtime.bigint() - start)
    })
    return Math.min(...times)
  }
  cost(MiB)
  // Twice the proportion, and 20 ms for memory that the system has to hand out first.
  assert.isBelow(cost(16 * MiB), 32 * cost(MiB) + 20e6)
})

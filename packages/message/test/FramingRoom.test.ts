import { Framing } from "@ductworks/message"
import { assert, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { drain, frame } from "./support/frames.js"

const KiB = 1024
const framings = [Framing.ductworks, Framing.lengthPrefix32]

/** Payloads of which some are large enough to be read into their memory. */
const payloads = FastCheck.array(
  FastCheck.oneof(FastCheck.nat(20), FastCheck.nat(70 * KiB), FastCheck.nat(600 * KiB)),
  {
    maxLength: 5
  }
).map((lengths) => lengths.map((length, seed) => new Uint8Array(length).map((_, index) => (index * 7 + seed) % 251)))

/** How many bytes come at a time, whether they may go where there is room for them, and how much is free behind them else. */
const arrivals = FastCheck.array(
  FastCheck.record({
    length: FastCheck.oneof(
      FastCheck.integer({ min: 1, max: 9 }),
      FastCheck.integer({ min: 10 * KiB, max: 200 * KiB })
    ),
    isDirect: FastCheck.boolean(),
    free: FastCheck.oneof(FastCheck.constant(0), FastCheck.nat(700 * KiB))
  }),
  { minLength: 1, maxLength: 20 }
).map((some) => [...some, { length: 50 * KiB, isDirect: true, free: 0 }])

/** The same bytes at the beginning of memory of their own, which ends so many bytes behind them. */
const withFree = (chunk: Uint8Array, free: number): Uint8Array => {
  const memory = new Uint8Array(chunk.length + free).fill(0x54)
  memory.set(chunk)
  return memory.subarray(0, chunk.length)
}

/** Gives each payload back when it was copied: if its memory were used too early, the copies of later ones would tell. */
const reusing = (decoder: Framing.Decoder): Framing.Decoder => ({
  ...decoder,
  push: (chunk) => decoder.push(chunk),
  partial: () => decoder.partial(),
  next: () => {
    const frame = decoder.next()
    if (!(frame instanceof Uint8Array)) return frame
    const copy = frame.slice()
    decoder.reuse?.(frame)
    return copy
  }
})

/** Hands over bytes of a frame, into the room if there is some; how many. */
const put = (decoder: Framing.Decoder, bytes: Uint8Array, from: number, most: number): number => {
  if (from === bytes.length) return 0
  const room = decoder.room?.()
  const chunk = bytes.subarray(from, from + Math.min(most, room?.length ?? most))
  if (room === undefined) decoder.push(new Uint8Array(chunk))
  else {
    room.set(chunk)
    decoder.filled?.(chunk.length)
  }
  if (from + chunk.length < bytes.length) assert.isUndefined(decoder.next())
  return chunk.length
}

const receiveLarge = (decoder: Framing.Decoder, framing: Framing.Framing, size: number): void => {
  const bytes = frame(framing, new Uint8Array(size).fill(7))
  for (let taken = 0; taken < bytes.length;) taken += put(decoder, bytes, taken, taken === 0 ? 70 * KiB : 300 * KiB)
  assert.isTrue(Buffer.alloc(size, 7).equals(toBytes(decoder.next())))
}

const toBytes = (frame: unknown): Uint8Array => (frame instanceof Uint8Array ? frame : new Uint8Array(0))

for (const framing of framings) {
  it(`DW-27 any mix of chunks and reads into the room gives the same frames (${framing.name})`, () => {
    FastCheck.assert(
      FastCheck.property(payloads, arrivals, FastCheck.boolean(), (all, arriving, isReusing) => {
        const decoder = framing.decoder(1024 * KiB)
        const bytes = Buffer.concat(all.map((payload) => frame(framing, payload)))
        const frames: Array<string> = []
        for (let taken = 0, i = 0; taken < bytes.length; i++) {
          const { free, isDirect, length } = arriving[i % arriving.length] ?? { isDirect: false, length: 1, free: 0 }
          const room = isDirect ? decoder.room?.() : undefined
          const chunk = new Uint8Array(bytes.subarray(taken, taken + Math.min(length, room?.length ?? length)))
          if (room === undefined) decoder.push(withFree(chunk, free), free)
          else {
            room.set(chunk)
            decoder.filled?.(chunk.length)
          }
          taken += chunk.length
          assert.isUndefined(drain(isReusing ? reusing(decoder) : decoder, frames))
          const rest = decoder.partial()
          assert.isTrue(rest === undefined || rest.received < rest.expected)
        }
        assert.deepStrictEqual(
          frames,
          all.map((payload) => Buffer.from(payload).toString("hex"))
        )
        assert.isUndefined(decoder.partial())
        assert.isUndefined(decoder.room?.())
      }),
      { numRuns: 60 }
    )
  })

  it(`M-9 the room grows with what has come, whatever length was claimed (${framing.name})`, () => {
    const decoder = framing.decoder(0xffffffff)
    const header = new Uint8Array(framing.headerBytes)
    framing.seal(header, 0, 0xffffffff)
    decoder.push(header)
    assert.isUndefined(decoder.next())
    for (let received = 0; received < 20_000 * KiB;) {
      const room = decoder.room?.()
      assert.isDefined(room)
      assert.isAtMost(room.buffer.byteLength, Math.max(1024 * KiB, 16 * received))
      const count = Math.min(room.length, 100_000)
      decoder.filled?.(count)
      received += count
      assert.isUndefined(decoder.next())
      assert.deepStrictEqual(decoder.partial(), {
        received: framing.headerBytes + received,
        expected: framing.headerBytes + 0xffffffff
      })
    }
  })

  it(`of a large payload a small part is copied to where the rest comes (${framing.name})`, () => {
    for (const size of [1024 * KiB, 1025 * KiB, 3000 * KiB, 16_384 * KiB, 16_384 * KiB + 1, 40_000 * KiB]) {
      const asked: Array<number> = []
      const decoder = framing.decoder(size, (length) => {
        asked.push(length)
        return new Uint8Array(length)
      })
      receiveLarge(decoder, framing, size)
      assert.strictEqual(asked.pop(), size)
      // Besides the beginning, which is nobody's own: up to 16 MiB nothing, and of 40 MiB the first 2.5.
      assert.deepStrictEqual(asked, size <= 16_384 * KiB ? [] : [Math.max(2048 * KiB, Math.ceil(size / 16))])
    }
  })

  it(`a payload that begins in memory with room for it stays there, if nothing else is in front of it (${framing.name})`, () => {
    const bytes = frame(framing, new Uint8Array(64 * KiB).fill(7))
    const roomAfter = (chunk: Uint8Array, free: number) => {
      const memory = withFree(chunk, free)
      const decoder = framing.decoder(1024 * KiB)
      decoder.push(memory, free)
      while (decoder.next() !== undefined);
      return { memory, decoder, room: decoder.room?.() ?? memory }
    }
    const begun = bytes.subarray(0, 30 * KiB)
    const left = bytes.length - begun.length
    const { decoder, memory, room } = roomAfter(begun, left)
    assert.strictEqual(room.buffer, memory.buffer)
    assert.deepStrictEqual([room.byteOffset, room.length], [begun.length, left])
    room.set(bytes.subarray(begun.length))
    decoder.filled?.(left)
    assert.isTrue(Buffer.alloc(64 * KiB, 7).equals(toBytes(decoder.next())))
    // One byte is missing; and there, somebody may have the payload before.
    const elsewhere = [
      roomAfter(begun, left - 1),
      roomAfter(Buffer.concat([frame(framing, Buffer.from("x")), begun]), left)
    ]
    for (const { memory, room } of elsewhere) assert.notStrictEqual(room.buffer, memory.buffer)
  })

  it(`large payloads that come at the same time do not meet (${framing.name})`, () => {
    const sizes = FastCheck.array(FastCheck.integer({ min: 1000 * KiB, max: 3000 * KiB }), {
      minLength: 2,
      maxLength: 4
    })
    FastCheck.assert(
      FastCheck.property(sizes, FastCheck.integer({ min: 30 * KiB, max: 900 * KiB }), (lengths, step) => {
        const all = lengths.map((length, index) => {
          const decoder = framing.decoder(4096 * KiB)
          return { decoder, bytes: frame(framing, new Uint8Array(length).fill(index + 1)), taken: 0, index, length }
        })
        for (const _ of [1, 2]) {
          for (const one of all) one.taken = 0
          while (all.some((one) => one.taken < one.bytes.length)) {
            for (const one of all) one.taken += put(one.decoder, one.bytes, one.taken, step + one.index)
          }
          for (const { decoder, index, length } of all) {
            assert.isTrue(Buffer.alloc(length, index + 1).equals(toBytes(decoder.next())))
          }
        }
      }),
      { numRuns: 10 }
    )
  })

  it(`behind a payload of less than 1 MiB there is room for the next header (${framing.name})`, () => {
    const decoder = framing.decoder(2048 * KiB)
    const payload = new Uint8Array(900 * KiB).fill(1)
    const bytes = Buffer.concat([frame(framing, payload), frame(framing, new Uint8Array(20 * KiB))])
    decoder.push(new Uint8Array(bytes.subarray(0, framing.headerBytes)))
    assert.isUndefined(decoder.next())
    const room = decoder.room?.()
    assert.strictEqual(room?.length, payload.length + framing.headerBytes)
    room?.set(bytes.subarray(framing.headerBytes, framing.headerBytes + (room?.length ?? 0)))
    decoder.filled?.(room?.length ?? 0)
    assert.deepStrictEqual(decoder.next(), payload)
    assert.isUndefined(decoder.next())
    assert.strictEqual(decoder.room?.()?.length, 20 * KiB + framing.headerBytes)
  })

  it(`there is room only for a large frame that has begun (${framing.name})`, () => {
    const decoder = framing.decoder(200 * KiB)
    assert.isUndefined(decoder.room?.())
    const bytes = frame(framing, new Uint8Array(15 * KiB))
    decoder.push(bytes.subarray(0, framing.headerBytes - 1))
    decoder.next()
    assert.isUndefined(decoder.room?.())
    decoder.push(bytes.subarray(framing.headerBytes - 1, 10 * KiB))
    decoder.next()
    assert.isUndefined(decoder.room?.())
    decoder.push(bytes.subarray(10 * KiB))
    assert.instanceOf(decoder.next(), Uint8Array)
    decoder.push(frame(framing, new Uint8Array(16 * KiB)).subarray(0, framing.headerBytes))
    decoder.next()
    assert.isDefined(decoder.room?.())
    const faulty = framing.decoder(10)
    faulty.push(bytes)
    assert.isDefined(faulty.next())
    assert.isUndefined(faulty.room?.())
  })
}

it("a payload that is given back gets a later one, of any stream; one that is not stays as it is", () => {
  const receive = (decoder: Framing.Decoder, payload: Uint8Array): Uint8Array => {
    const bytes = frame(Framing.ductworks, payload)
    decoder.push(bytes.subarray(0, 5))
    assert.isUndefined(decoder.next())
    decoder.room?.()?.set(payload)
    decoder.filled?.(payload.length)
    const received = decoder.next()
    assert.instanceOf(received, Uint8Array)
    return received instanceof Uint8Array ? received : new Uint8Array(0)
  }
  const one = Framing.ductworks.decoder(1024 * KiB)
  const other = Framing.ductworks.decoder(1024 * KiB)
  const kept = receive(one, new Uint8Array(900 * KiB).fill(1))
  const given = receive(one, new Uint8Array(900 * KiB).fill(2))
  one.reuse?.(given)
  const later = receive(other, new Uint8Array(300 * KiB).fill(3))
  assert.strictEqual(later.buffer, given.buffer)
  assert.deepStrictEqual([kept[0], kept.at(-1), later[0], later.at(-1)], [1, 1, 3, 3])
  // What came in a chunk is not the decoder's to use again: others may have views of it.
  one.push(frame(Framing.ductworks, new Uint8Array(900 * KiB).fill(4)))
  const view = one.next()
  if (view instanceof Uint8Array) one.reuse?.(view)
  assert.notStrictEqual(receive(one, new Uint8Array(300 * KiB)).buffer, given.buffer)
  assert.isTrue(view instanceof Uint8Array && view.at(-1) === 4)
})

it("memory of which others have a part is not the payload's, and not used again", () => {
  const payload = new Uint8Array(220 * KiB).fill(1)
  const bytes = frame(Framing.ductworks, payload)
  const receive = (push: (decoder: Framing.Decoder, memory: Uint8Array) => void) => {
    const memory = new Uint8Array(256 * KiB).fill(9)
    const decoder = Framing.ductworks.decoder(1024 * KiB)
    push(decoder, memory)
    assert.isUndefined(decoder.next())
    const room = decoder.room?.()
    room?.set(bytes.subarray(200 * KiB))
    decoder.filled?.(bytes.length - 200 * KiB)
    const received = decoder.next()
    if (!(received instanceof Uint8Array)) return assert.fail("no payload")
    assert.deepStrictEqual(received, payload)
    decoder.reuse?.(received)
    return received.buffer === memory.buffer
  }
  const begin = (memory: Uint8Array, offset: number, from: number): Uint8Array => {
    memory.set(bytes.subarray(from, 200 * KiB), offset)
    return memory.subarray(offset, offset + 200 * KiB - from)
  }
  // All of it; but for what is behind; but for what is in front, where a header would be.
  assert.isTrue(receive((decoder, memory) => decoder.push(begin(memory, 0, 0), memory.length - 200 * KiB)))
  assert.isFalse(receive((decoder, memory) => decoder.push(begin(memory, 0, 0), 40 * KiB)))
  assert.isFalse(
    receive((decoder, memory) => {
      decoder.push(bytes.slice(0, 5))
      assert.isUndefined(decoder.next())
      decoder.push(begin(memory, 5, 5), memory.length - 200 * KiB)
    })
  )
})

it("a payload does not get memory that is much larger, and the last one given back is the next one's", () => {
  const buffers = [900, 100, 100].map((size) => {
    const decoder = Framing.ductworks.decoder(1024 * KiB)
    decoder.push(frame(Framing.ductworks, new Uint8Array(size * KiB)).slice(0, 5))
    assert.isUndefined(decoder.next())
    decoder.room?.()
    decoder.filled?.(size * KiB)
    const payload = decoder.next()
    if (!(payload instanceof Uint8Array)) return assert.fail("no payload")
    decoder.reuse?.(payload)
    return payload.buffer
  })
  assert.notStrictEqual(buffers[1], buffers[0])
  assert.strictEqual(buffers[2], buffers[1])
})

it("lines have no room: nobody knows how long they will be", () => {
  const decoder = Framing.lines.decoder(1024 * KiB)
  decoder.push(new Uint8Array(500 * KiB))
  assert.isUndefined(decoder.next())
  assert.isUndefined(decoder.room?.())
})

import { eachSince, now, type Contender } from "../contender.js"

const received = new Uint8Array(256 * 1024)

/** Copies what was received out of the shared buffer. */
const make = (copy: () => Uint8Array): Contender => ({
  measure: () => {
    // Kept for a while, as a reader would.
    const kept = new Array<Uint8Array>(1024).fill(received)
    return Promise.resolve((count) => {
      const begun = now()
      for (let i = 0; i < count; i++) kept[i % 1024] = copy()
      return Promise.resolve(eachSince(begun, count))
    })
  }
})

let slab = Buffer.alloc(0)
let used = 0

const intoSlab = (length: number): Uint8Array => {
  if (used + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(8 * 1024)
    used = 0
  }
  const chunk = slab.subarray(used, (used += length))
  chunk.set(received.subarray(0, length))
  return chunk
}

export const copy64 = make(() => received.slice(0, 64))

export const copy65 = make(() => received.slice(0, 65))

export const slab65 = make(() => intoSlab(65))

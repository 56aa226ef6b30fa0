import { Copies } from "@ductworks/core/Slab"
import { markAsUntransferable } from "node:worker_threads"

const largestRead = 256 * 1024

let shared: Buffer | undefined

// A read and the copy out of it happen in one call from libuv, so all sockets of a thread can read into one buffer: an
// idle socket has none. On Windows the kernel fills the buffer in the background: one each.
const memory = (size: number): Buffer => {
  if (process.platform === "win32") return Buffer.allocUnsafeSlow(Math.min(size, 64 * 1024))
  shared ??= Buffer.allocUnsafeSlow(largestRead)
  return shared.subarray(0, size)
}

// Nearly all sockets of a thread read the same way, so the view is one, too.
let last: Uint8Array | undefined

/** Where reads of at most `readAhead` bytes land. */
export const receiveBuffer = (readAhead: number): Uint8Array => {
  const size = Math.max(1, Math.min(readAhead, largestRead))
  if (process.platform === "win32") return make(size)
  return last?.length === size ? last : (last = make(size))
}

const make = (size: number): Uint8Array => {
  const buffer = memory(size)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

const copies = new Copies((size) => {
  // Not Buffer's own pool: since Node 24 a chunk of it that is kept keeps 64 KiB.
  const { buffer } = Buffer.allocUnsafeSlow(size)
  // Chunks of several connections share it: a caller who transfers one to a worker must not take the others along.
  markAsUntransferable(buffer)
  return buffer
})

/** The first `length` bytes, as a chunk that nothing else will write to and that keeps little more than itself. */
export const copyOf = (bytes: Uint8Array, length: number): Uint8Array =>
  // (Not `slice`: that of a Buffer is a view.)
  copies.copyOf(length === bytes.length ? bytes : bytes.subarray(0, length))

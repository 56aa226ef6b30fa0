/** Where reads land, and how what landed there is copied out. */
export interface ReceiveBuffer {
  readonly bytes: Uint8Array
  /** The first `length` bytes, as a chunk that nothing else will write to. */
  readonly copy: (length: number) => Uint8Array
}

const largestRead = 256 * 1024

let shared: Buffer | undefined

// A read and the copy out of it happen in one call from libuv, so all sockets of a thread can read into one buffer: an
// idle socket then costs 13 KiB and not 59. On Windows the kernel fills the buffer in the background: one each.
const memory = (size: number): Buffer => {
  if (process.platform === "win32") return Buffer.allocUnsafeSlow(Math.min(size, 64 * 1024))
  shared ??= Buffer.allocUnsafeSlow(largestRead)
  return shared.subarray(0, size)
}

/** A buffer for reads of at most `readAhead` bytes. */
export const receiveBuffer = (readAhead: number): ReceiveBuffer => {
  const buffer = memory(Math.max(1, Math.min(readAhead, largestRead)))
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
  return {
    bytes,
    copy: (length) => {
      // V8 keeps up to 64 bytes on its own heap: 32 ns, where an allocation outside costs 400.
      if (length <= 64) return bytes.slice(0, length)
      const chunk = length < 4096 ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length)
      buffer.copy(chunk, 0, 0, length)
      return chunk
    }
  }
}

import { copyOf } from "@ductworks/platform-node/SocketKit"
import { markAsUntransferable } from "node:worker_threads"

const blockSize = 256 * 1024

// From here on handing the memory itself out is cheaper than a copy; a chunk then keeps at most four times its size.
const large = blockSize / 4

/**
 * Where reads land: memory of the thread, so that an idle connection has none of its own. What is small is copied out of
 * it; what is large is given away, and the next read lands behind it.
 */
class Landing {
  memory: Uint8Array = new Uint8Array(0)
  offset = 0

  /** How many bytes may land at the offset now, of those asked for. */
  room(limit: number): number {
    if (this.memory.length - this.offset < large) this.renew()
    return Math.min(limit, this.memory.length - this.offset)
  }

  /** What landed, as a chunk that nothing else will write to. */
  take(count: number): Uint8Array {
    const { offset } = this
    const landed = this.memory.subarray(offset, offset + count)
    if (count < large) return copyOf(landed, count)
    this.offset += count
    return landed
  }

  private renew(): void {
    this.memory = new Uint8Array(Buffer.allocUnsafeSlow(blockSize).buffer)
    this.offset = 0
    // Chunks of several connections share it: a caller who transfers one to a worker must not take the others along.
    markAsUntransferable(this.memory.buffer)
  }
}

export const landing = new Landing()

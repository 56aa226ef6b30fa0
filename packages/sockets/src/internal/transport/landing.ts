import { copyOf } from "@ductworks/platform-node/SocketKit"
import { markAsUntransferable } from "node:worker_threads"

/**
 * Where reads land: memory of the thread, so that an idle connection has none of its own. What is small beside it is copied
 * out of it; what is not is given away, and the next read lands behind it.
 */
class Landing {
  memory = new Uint8Array(0)
  offset = 0
  private block = this.memory.buffer
  /** A read has as much room at least. */
  private readonly least: number

  /** @param givenFrom so many bytes, and more, are given away */
  constructor(
    private readonly blockSize: number,
    private readonly givenFrom: number
  ) {
    this.least = blockSize / 4
  }

  /** How many bytes may land at the offset now, of those asked for. */
  room(limit: number): number {
    if (this.memory.length - this.offset < this.least) this.renew()
    return Math.min(limit, this.memory.length - this.offset)
  }

  /** What landed, as a chunk that nothing else will write to. */
  take(count: number): Uint8Array {
    const { offset } = this
    // (`subarray` takes longer, and asking the memory for its `buffer` longer still.)
    const landed = new Uint8Array(this.block, offset, count)
    if (count < this.givenFrom) return copyOf(landed, count)
    this.offset += count
    return landed
  }

  private renew(): void {
    this.block = Buffer.allocUnsafeSlow(this.blockSize).buffer
    this.memory = new Uint8Array(this.block)
    this.offset = 0
    // Chunks of several connections share it: a caller who transfers one to a worker must not take the others along.
    markAsUntransferable(this.block)
  }
}

/** A chunk that is given away keeps at most four times its size. */
export const landing = new Landing(256 * 1024, 64 * 1024)

const littleBlock = 8 * 1024

/** Fewer bytes than there is room for, whatever has landed before. */
export const little = littleBlock / 4

/**
 * For who reads {@link little} again and again: without a copy, but of what `Copies` would give memory of its own. A chunk
 * keeps 8 KiB at most, as its copy would.
 */
export const littleLanding = new Landing(littleBlock, 65)

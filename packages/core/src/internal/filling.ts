import type { Connection } from "../Connection.js"
import type { Deadline } from "../Deadline.js"
import { InvalidArgument, type ReadError, type RemoteDuctClosed } from "../DuctError.js"

/** Memory of the caller's that is being read into, and how far that has come. */
export class Filling {
  private filled = 0
  /** Why no more will come, unless that is the end of the stream. */
  failure: Exclude<ReadError, RemoteDuctClosed> | InvalidArgument | undefined
  private readonly length: number

  /** @param count bytes that are enough; more may come with them */
  constructor(
    private readonly memory: Uint8Array,
    private readonly count: number,
    private readonly takeInto: NonNullable<Connection["takeInto"]>,
    private readonly until: Deadline
  ) {
    this.length = memory.length
  }

  /** Reads what is here. The number of bytes, once that is enough or the stream has ended. */
  fill(): number | undefined {
    while (this.filled < this.count) {
      if (!this.isWhole) return this.fail(resized)
      const taken = this.takeInto(this.filled === 0 ? this.memory : this.memory.subarray(this.filled), this.until)
      if (taken === undefined) return undefined
      if (typeof taken === "number") this.filled += taken
      else if (taken._tag === "RemoteDuctClosed") break
      else return this.fail(taken)
    }
    return this.filled
  }

  private fail(failure: NonNullable<Filling["failure"]>): undefined {
    this.failure = failure
  }

  get isBegun(): boolean {
    return this.filled > 0
  }

  /** What came, in memory of its own: nobody will have it from here. None is left in memory that was transferred. */
  takeBack(): Uint8Array {
    const bytes = this.isWhole ? this.memory.slice(0, this.filled) : new Uint8Array(0)
    this.filled = 0
    return bytes
  }

  private get isWhole(): boolean {
    return this.memory.length === this.length
  }
}

// A read into no memory would look like the end of the stream.
const resized = new InvalidArgument({
  operation: "recvInto",
  problem: "the buffer's memory was transferred or resized meanwhile"
})

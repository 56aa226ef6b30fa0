import type { Connection } from "../Connection.js"
import type { ReadError, RemoteDuctClosed } from "../DuctError.js"

/** Memory of the caller's that is being read into, and how far that has come. */
export class Filling {
  private filled = 0
  /** Why no more will come, unless that is the end of the stream. */
  failure: Exclude<ReadError, RemoteDuctClosed> | undefined

  /** @param count bytes that are enough; more may come with them */
  constructor(
    private readonly memory: Uint8Array,
    private readonly count: number,
    private readonly takeInto: NonNullable<Connection["takeInto"]>
  ) {}

  /** Reads what is here. The number of bytes, once that is enough or the stream has ended. */
  fill(): number | undefined {
    while (this.filled < this.count) {
      const taken = this.takeInto(this.filled === 0 ? this.memory : this.memory.subarray(this.filled))
      if (taken === undefined) return undefined
      if (typeof taken === "number") this.filled += taken
      else if (taken._tag === "RemoteDuctClosed") break
      else {
        this.failure = taken
        return undefined
      }
    }
    return this.filled
  }

  get isBegun(): boolean {
    return this.filled > 0
  }

  /** What came, in memory of its own: nobody will have it from here. */
  takeBack(): Uint8Array {
    const bytes = this.memory.slice(0, this.filled)
    this.filled = 0
    return bytes
  }
}

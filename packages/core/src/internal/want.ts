import * as Duration from "effect/Duration"
import type { RuntimeFiber } from "effect/Fiber"
import * as Deadline from "../Deadline.js"
import type { ByteQueue } from "./byteQueue.js"

/**
 * What a receive waits for, and what it does then. A class, because V8 may give a literal memory of the old generation, which
 * keeps what it refers to.
 */
export class Want<A, E = never> {
  /**
   * @param count bytes to wait for
   * @param take takes them out of the queue; there are fewer only at the end of the stream
   * @param atEnd makes an error of that
   */
  constructor(
    readonly count: number,
    readonly timeout: Duration.Duration,
    readonly take: (queue: ByteQueue) => A,
    readonly atEnd?: (queue: ByteQueue) => E
  ) {}
}

/** The time-out of a receive, which may wait several times. */
export class Patience {
  private deadline: Deadline.Deadline | undefined

  constructor(
    private readonly fiber: RuntimeFiber<unknown, unknown>,
    readonly timeout: Duration.Duration
  ) {}

  /** How long to wait, if at all any longer. Its time begins when it waits first. */
  get until(): Deadline.Deadline | undefined {
    if (this.deadline !== undefined) return Deadline.isOver(this.deadline) ? undefined : this.deadline
    return Duration.isZero(this.timeout) ? undefined : (this.deadline = Deadline.makeFor(this.fiber, this.timeout))
  }
}

import type * as Clock from "effect/Clock"
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

/** The time-out of a receive, which may wait several times. Its time begins when somebody first looks at it. */
export class Patience implements Deadline.Deadline {
  private made: Deadline.Deadline | undefined

  constructor(
    private readonly fiber: RuntimeFiber<unknown, unknown>,
    readonly timeout: Duration.Duration
  ) {}

  private get deadline(): Deadline.Deadline {
    return (this.made ??= Deadline.makeFor(this.fiber, this.timeout))
  }

  get clock(): Clock.Clock {
    return this.deadline.clock
  }

  get at(): bigint | undefined {
    return this.deadline.at
  }

  /** How long to wait, if at all any longer. */
  get until(): Deadline.Deadline | undefined {
    if (this.made !== undefined) return Deadline.isOver(this.made) ? undefined : this.made
    return Duration.isZero(this.timeout) ? undefined : this.deadline
  }
}

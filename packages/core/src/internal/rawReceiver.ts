import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Chunks, Connection } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { DuctTimeout, type PollError, type ReadError, type RemoteDuctClosed } from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import type * as RawDuct from "../RawDuct.js"
import { ByteQueue } from "./byteQueue.js"

/** What a receive waits for, and what it does then. */
export interface Want<A, E> {
  /** Bytes to wait for. */
  readonly count: number
  readonly timeout: Duration.Duration
  /** Takes them out of the queue; there are fewer only at the end of the stream. */
  readonly take: (queue: ByteQueue) => A
  /** Makes an error of that. */
  readonly atEnd?: (queue: ByteQueue) => E
}

/** The receiving side of one connection of a duct. What arrived and was not asked for is kept here, and goes with it. */
export class RawReceiver {
  private readonly queue = new ByteQueue()
  private readonly turn = new Exclusive("recv")
  /** The end of the stream, once it was seen. */
  private end: RemoteDuctClosed | undefined

  constructor(readonly connection: Connection) {}

  /**
   * Takes as soon as enough bytes are here, or no more will come. The time-out bounds the whole operation; a failed or
   * interrupted one leaves what has arrived for the next.
   */
  receive<A, E = never>(want: Want<A, E>): Effect.Effect<A, RawDuct.RecvError | E> {
    const { atEnd, count, take, timeout } = want
    const { queue } = this
    const commit = this.turn.commit(() => take(queue))
    const attempt = (until: Deadline.Deadline | undefined) => {
      const self: Effect.Effect<A, RawDuct.RecvError | E> = this.turn.run(() => {
        if (queue.size >= count) return commit
        if (this.end !== undefined) return atEnd === undefined ? commit : this.turn.fail(Exit.fail(atEnd(queue)))
        const left = until === undefined ? timeout : Deadline.remaining(until)
        return Effect.matchEffect(this.arrival(left, timeout), {
          onFailure: (error) => this.turn.fail(Exit.fail(error)),
          onSuccess: () => self
        })
      })
      return self
    }
    // One wait needs no deadline of its own.
    return count <= 1 || queue.size >= count ? attempt(undefined) : Effect.flatMap(Deadline.make(timeout), attempt)
  }

  /** Waits for bytes, or the end, and puts them into the queue. */
  private arrival(left: Duration.Duration, timeout: Duration.Duration): Effect.Effect<void, RawDuct.RecvError> {
    return Effect.flatMap(this.connection.poll(left), (isHere) =>
      isHere
        ? Effect.matchEffect(this.connection.pull, {
            onFailure: (error): Exit.Exit<void, RawDuct.RecvError> => {
              if (error._tag !== "RemoteDuctClosed") return Exit.fail(error)
              this.end = error
              return Exit.void
            },
            onSuccess: (chunks) => Exit.succeed(this.queue.push(chunks))
          })
        : Exit.fail(new DuctTimeout({ operation: "recv", timeout }))
    )
  }

  private readonly takeAll = this.turn.commit((): Chunks => {
    const chunks = this.queue.takeAll()
    if (chunks === undefined) throw new Error("ductworks: the turn was lost between arrival and commit")
    return chunks
  })

  /** For the layer above: everything that is here; the end is `RemoteDuctClosed`. */
  readonly pull: Effect.Effect<Chunks, ReadError> = this.turn.run(() =>
    this.queue.size > 0
      ? this.takeAll
      : Effect.matchEffect(this.connection.pull, {
          onFailure: (error) => this.turn.fail(Exit.fail(error)),
          onSuccess: (chunks) => {
            // Through the queue: an interruption before the next step then finds them there.
            this.queue.push(chunks)
            return this.takeAll
          }
        })
  )

  readonly poll = (timeout: Duration.Duration): Effect.Effect<boolean, PollError> =>
    this.queue.size > 0 || this.end !== undefined ? yes : this.connection.poll(timeout)
}

const yes = Exit.succeed(true)

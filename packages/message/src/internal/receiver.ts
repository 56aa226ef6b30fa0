import type { RawDuct } from "@ductworks/core"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctTimeout } from "@ductworks/core/DuctError"
import { Exclusive } from "@ductworks/core/Exclusive"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { RemoteDuctClosed } from "@ductworks/core/DuctError"
import type { Lock } from "../MessageDuct.js"
import type { RecvError } from "../MessageError.js"
import type { Incoming, Step } from "./incoming.js"

type Waiting = Exclude<Step, "ready">

/** Messages out of what the raw duct receives. Nothing is taken out before the step that hands it to the caller. */
export class Receiver<out In> {
  private readonly turn = new Exclusive("recv")
  /** When the frame that is being received must be whole; set once a receive waits for the rest of it. */
  private due: Deadline.Deadline | undefined
  private readonly timedOut: Exit.Exit<never, DuctTimeout>

  constructor(
    private readonly raw: RawDuct.RawDuct,
    private readonly incoming: Incoming<In>,
    private readonly timeout: Duration.Duration,
    private readonly lock: Lock | undefined
  ) {
    this.timedOut = Exit.fail(new DuctTimeout({ operation: "recv", timeout }))
  }

  /** A new connection begins with a new frame. */
  readonly reset = Effect.sync(() => {
    this.incoming.reset()
    this.due = undefined
  })

  private readonly takeOne = this.turn.commit((): In => {
    const first = this.incoming.takeOne()
    if (Exit.isFailure(first)) throw new Error("ductworks: the turn was lost between decode and commit")
    return first.value
  })

  private readonly takeAll = this.turn.commit((): Arr.NonEmptyReadonlyArray<In> => {
    const messages = this.incoming.takeAll()
    if (!Arr.isNonEmptyReadonlyArray(messages))
      throw new Error("ductworks: the turn was lost between decode and commit")
    return messages
  })

  readonly recv: Effect.Effect<In, RecvError> = this.turn.run(() => {
    const step = this.incoming.next()
    if (step !== "ready") return this.waitAndRetry(step, this.recv)
    return this.undecodable() ?? this.takeOne
  })

  readonly recvAll: Effect.Effect<Arr.NonEmptyReadonlyArray<In>, RecvError> = this.turn.run(() => {
    const step = this.incoming.next()
    if (step !== "ready") return this.waitAndRetry(step, this.recvAll)
    this.incoming.decodeAll()
    return this.undecodable() ?? this.takeAll
  })

  readonly stream: Stream.Stream<In, Exclude<RecvError, RemoteDuctClosed>> = Stream.repeatEffectChunkOption(
    Effect.matchEffect(
      Effect.suspend(() => this.recvAll),
      {
        onFailure: (error) => Exit.fail(error._tag === "RemoteDuctClosed" ? Option.none() : Option.some(error)),
        onSuccess: (messages) => Exit.succeed(Chunk.unsafeFromArray(messages))
      }
    )
  )

  readonly poll = (timeout: Duration.Duration): Effect.Effect<boolean, RecvError> =>
    Effect.flatMap(Deadline.make(timeout), (until) => {
      const self: Effect.Effect<boolean, RecvError> = this.turn.run(() => {
        if (this.incoming.isReadable) return this.turn.fail(yes)
        return Effect.matchEffect(this.raw.poll(Deadline.remaining(until)), {
          onFailure: (error) => this.turn.fail(Exit.fail(error)),
          onSuccess: (isHere) =>
            isHere ? Effect.flatMap(this.turn.release(this.more), () => self) : this.turn.fail(no)
        })
      })
      return self
    })

  /** The error in the place of the next message; it is consumed, and the next receive goes on. */
  private undecodable(): Exit.Exit<never, RecvError> | undefined {
    this.due = undefined
    const first = this.incoming.peek()
    if (Exit.isSuccess(first)) return undefined
    this.incoming.takeOne()
    return this.turn.fail(Exit.failCause(first.cause))
  }

  private waitAndRetry<A>(step: Waiting, retry: Effect.Effect<A, RecvError>): Effect.Effect<A, RecvError> {
    if (step === "starved" && this.lock !== undefined) {
      return this.turn.release(Effect.flatMap(this.fillLocked(this.lock), () => retry))
    }
    return Effect.matchEffect(this.advance(step), {
      onFailure: (error) => this.turn.fail(Exit.fail(error)),
      onSuccess: () => retry
    })
  }

  /** Gets bytes in, or does what the step says. */
  private advance(step: Waiting): Effect.Effect<void, RecvError> {
    if (step !== "starved") return step
    return this.incoming.isInsideFrame && Duration.isFinite(this.timeout) ? this.moreInTime : this.more
  }

  /** Waits for bytes or the end, without a limit. */
  private readonly more: Effect.Effect<void, RecvError> = Effect.matchEffect(
    Effect.suspend(() => this.raw.pull),
    {
      onFailure: (error) => {
        switch (error._tag) {
          case "NotConnected":
          case "DuctClosed":
          case "DuctBusy":
            return Exit.fail(error)
          default:
            return Exit.succeed(this.incoming.close(error))
        }
      },
      onSuccess: (chunks) => Exit.succeed(this.incoming.push(chunks))
    }
  )

  /** Waits for the rest of a frame that has begun. After a time-out the next receive waits anew. */
  private readonly moreInTime: Effect.Effect<void, RecvError> = Effect.suspend(() =>
    this.due === undefined ? Effect.flatMap(Deadline.make(this.timeout), this.moreUntil) : this.moreUntil(this.due)
  )

  private readonly moreUntil = (due: Deadline.Deadline): Effect.Effect<void, RecvError> => {
    this.due = due
    return Effect.flatMap(this.raw.poll(Deadline.remaining(due)), (isHere) => {
      if (isHere) return this.more
      this.due = undefined
      return this.timedOut
    })
  }

  /**
   * Waits for bytes, then receives one message under the lock. It stays here, and is taken after the lock was released,
   * so that an interruption in between does not lose it. Another process may have taken the bytes before the lock was
   * ours: then we wait again, without it.
   */
  private fillLocked(lock: Lock): Effect.Effect<void, RecvError> {
    const fill: Effect.Effect<void, RecvError> = Effect.suspend(() => {
      const step = this.incoming.isReadable ? "ready" : this.incoming.next()
      return step === "ready" ? Effect.void : Effect.flatMap(this.advance(step), () => fill)
    })
    return Effect.zipRight(
      this.raw.poll(Duration.infinity),
      Effect.acquireUseRelease(
        lock.acquire,
        () => Effect.flatMap(this.raw.poll(Duration.zero), (isHere) => (isHere ? fill : Effect.void)),
        () => lock.release
      )
    )
  }
}

const yes = Exit.succeed(true)

const no = Exit.succeed(false)

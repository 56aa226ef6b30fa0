import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Counters } from "./counters.js"
import { type AnyFiber, type Fibers, interrupt, start } from "./fibers.js"
import { Fifo } from "./fifo.js"
import type { Start } from "./handlers.js"
import type { Incoming } from "./member.js"
import type { Resolved } from "./settings.js"
import type { Timers } from "./timers.js"

/** Sends the answer to a request; never fails. */
export interface Answers {
  readonly reply: (incoming: Incoming, value: unknown) => Effect.Effect<void, never, unknown>
  readonly refuse: (incoming: Incoming, reason: "NoHandler" | "HandlerFailed") => Effect.Effect<void, never, unknown>
}

/** The handlers of one message, as they are run. */
class Job {
  /** The next handler to start. */
  next = 0
  /** Handlers and answers that go on. */
  live = 0
  isAnswered = false
  isOver = false
  private fibers: Set<AnyFiber> | undefined = undefined

  constructor(
    readonly incoming: Incoming,
    readonly handlers: ReadonlyArray<Start>,
    readonly ended: (incoming: Incoming) => void
  ) {}

  add(fiber: AnyFiber): void {
    this.fibers ??= new Set()
    this.fibers.add(fiber)
  }

  delete(fiber: AnyFiber): void {
    this.fibers?.delete(fiber)
  }

  interrupt(): void {
    if (this.fibers !== undefined) for (const fiber of [...this.fibers]) interrupt(fiber)
  }
}

/** Runs handlers: all of a message concurrently, and of the whole socket no more than `maxHandlers` at a time. */
export class Pool {
  running = 0
  private readonly waiting = new Fifo<Job>()
  private isRefilling = false

  constructor(
    private readonly settings: Resolved,
    private readonly counters: Counters,
    private readonly fibers: Fibers,
    private readonly timers: Timers,
    private readonly answers: Answers
  ) {}

  /** Runs the handlers with the message; `ended` is called when all have ended and a request was answered. */
  begin(incoming: Incoming, handlers: ReadonlyArray<Start>, ended: (incoming: Incoming) => void): void {
    const job = new Job(incoming, handlers, ended)
    incoming.job = job
    this.pump(job)
  }

  private pump(job: Job): void {
    for (; job.next < job.handlers.length && !job.incoming.isCancelled; job.next++) {
      const handler = job.handlers[job.next]
      if (this.running >= this.settings.maxHandlers) return this.waiting.push(job)
      if (handler !== undefined) this.launch(job, handler)
    }
    job.next = job.handlers.length
    this.settle(job)
  }

  private launch(job: Job, handler: Start): void {
    const { data, peer } = job.incoming
    this.running++
    job.live++
    const started = handler(peer, data)
    if (Exit.isExit(started)) this.handled(job, started, false)
    else this.follow(job, started, (exit, isLate) => this.handled(job, exit, isLate))
  }

  private handled(job: Job, exit: Exit.Exit<unknown, unknown>, isLate: boolean): void {
    this.running--
    job.live--
    if (Exit.isFailure(exit)) this.failed(job, exit.cause, isLate)
    else if (job.incoming.id !== undefined && !job.isAnswered) this.answer(job, exit.value)
    // Others have waited longer than the next message of this peer.
    this.refill()
    this.settle(job)
  }

  /** Follows what was started, for no longer than `handlerTimeout`; the job can be stopped meanwhile. */
  private follow(job: Job, fiber: AnyFiber, ended: (exit: Exit.Exit<unknown, unknown>, isLate: boolean) => void): void {
    job.add(fiber)
    this.timers.within(fiber, this.settings.handlerMillis, (exit, isLate) => {
      job.delete(fiber)
      ended(exit, isLate)
    })
  }

  private failed(job: Job, cause: Cause.Cause<unknown>, isLate: boolean): void {
    // Its caller cancelled it, or is gone; or the socket is being closed.
    const isStopped = job.incoming.isCancelled || this.fibers.isClosed
    if (!isLate && isStopped && Cause.isInterruptedOnly(cause)) return
    this.counters.handlerFailures++
    const { entry, peer } = job.incoming
    const what = isLate ? "a handler took longer than handlerTimeout" : "a handler failed"
    this.fibers.error(what, { type: entry.name, peer: peer.id }, cause)
  }

  private answer(job: Job, value: unknown): void {
    job.isAnswered = true
    this.send(job, this.answers.reply(job.incoming, value))
  }

  private settle(job: Job): void {
    if (job.isOver || job.live > 0 || job.next < job.handlers.length) return
    if (job.incoming.id !== undefined && !job.isAnswered && !job.incoming.isCancelled) {
      job.isAnswered = true
      return this.send(job, this.answers.refuse(job.incoming, "HandlerFailed"))
    }
    job.isOver = true
    job.ended(job.incoming)
  }

  /** An answer belongs to the job: while the peer does not take it, no other message of it is begun. */
  private send(job: Job, answer: Effect.Effect<void, never, unknown>): void {
    job.live++
    const started = start(this.fibers.runtime, () => answer)
    if (Exit.isExit(started)) this.sent(job)
    else this.follow(job, started, () => this.sent(job))
  }

  private sent(job: Job): void {
    job.live--
    this.settle(job)
  }

  /** In a loop: a handler that ends at once must not start the next one on top of itself. */
  private refill(): void {
    if (this.isRefilling) return
    this.isRefilling = true
    while (this.running < this.settings.maxHandlers) {
      const job = this.waiting.shift()
      if (job === undefined) break
      this.pump(job)
    }
    this.isRefilling = false
  }
}

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type { Sock } from "../../Sock.js"
import { MSG, SOCK } from "../../SocketConstants.js"
import { isNotConnected, wouldBlock } from "./outcome.js"
import type { AnyTarget, DispatchError, DispatchEvent } from "./target.js"
import { type Run, Watcher } from "./watcher.js"

/** A target that a dispatcher looks after: what it waits for, and what has happened since it was last told. */
export class Registration<E> {
  private sock: Sock | undefined
  private settled: Effect.Effect<void, DispatchError> | undefined
  private read: Watcher<boolean> | undefined
  private write: Watcher<unknown> | undefined
  private connect: Watcher<void> | undefined
  private isReadable = false
  private isWritable = false
  private isAtEnd = false
  /** A target is told of the end once, and not for ever, however long it keeps its socket. */
  private hasToldEnd = false
  private isConnected = false
  private error: Option.Option<DispatchError> = Option.none()

  /** @param onEvent called when there is something to tell, also when there was before */
  constructor(
    readonly target: AnyTarget,
    readonly dispatch: (event: DispatchEvent) => Effect.Effect<void, E>,
    /** Runs once, after the dispatcher has closed the target. */
    readonly closed: Effect.Effect<void>,
    private readonly onEvent: (self: Registration<E>) => void
  ) {}

  /** Waits for what the target wants now, and for nothing else. */
  arm(run: Run): void {
    const { target } = this
    if (target.sock !== this.sock) this.watch(target.sock)
    // It stays until the target was told, which is its end.
    if (Option.isSome(this.error)) return this.onEvent(this)
    if (target.dispatchState === "connecting" && target.settled !== undefined)
      return this.armConnect(target.settled, run)
    const [readable, writable] = target.filter
    if (!readable) this.read?.disarm()
    else if (!this.isReadable && !this.hasToldEnd) this.read?.arm(run)
    if (!writable) this.write?.disarm()
    else if (!this.isWritable) this.write?.arm(run)
  }

  private watch(sock: Sock | undefined): void {
    this.read?.abandon()
    this.write?.abandon()
    this.sock = sock
    this.isReadable = this.isWritable = this.isAtEnd = this.hasToldEnd = false
    this.error = Option.none()
    this.read = sock && new Watcher(waitForRead(sock, this.target), this.onRead)
    this.write = sock && new Watcher<unknown>(sock.waitForWrite, this.onWrite)
  }

  private armConnect(settled: Effect.Effect<void, DispatchError>, run: Run): void {
    if (this.settled !== settled) {
      this.connect?.abandon()
      this.settled = settled
      this.connect = new Watcher(settled, this.onConnect)
      this.connect.arm(run)
    }
  }

  private readonly onRead = (exit: Exit.Exit<boolean, DispatchError>): void => {
    if (Exit.isSuccess(exit)) {
      this.isReadable = true
      this.isAtEnd = exit.value
    }
    this.happened(exit)
  }

  private readonly onWrite = (exit: Exit.Exit<unknown, DispatchError>): void => {
    if (Exit.isSuccess(exit)) this.isWritable = true
    this.happened(exit)
  }

  private readonly onConnect = (exit: Exit.Exit<void, DispatchError>): void => {
    if (Exit.isSuccess(exit)) this.isConnected = true
    this.happened(exit)
  }

  private happened(exit: Exit.Exit<unknown, DispatchError>): void {
    if (Exit.isFailure(exit)) {
      const failure = Cause.failureOption(exit.cause)
      if (Option.isNone(failure)) return
      if (Option.isNone(this.error)) this.error = failure
    }
    this.onEvent(this)
  }

  /** What the target is to be told, if there is anything that it still wants. */
  take(): DispatchEvent | undefined {
    const { error, isConnected } = this
    const [readable, writable] = this.target.filter
    const event: DispatchEvent = [this.isReadable && readable, this.isWritable && writable, Option.none()]
    this.isReadable = this.isWritable = this.isConnected = false
    if (Option.isSome(error)) return [true, true, error]
    if (isConnected) return [false, true, Option.none()]
    return event[0] || event[1] ? event : undefined
  }

  /** The target was told. */
  told([readable]: DispatchEvent): void {
    if (readable) this.hasToldEnd = this.isAtEnd
  }

  /** Completes when nothing is registered with the system. What happened is kept. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    // An attempt to connect goes on by itself: the next iterate waits for its end anew.
    this.settled = undefined
    const watchers = [this.read, this.write, this.connect].filter((watcher) => watcher !== undefined)
    return Effect.forEach(watchers, (watcher) => watcher.stop, { discard: true })
  })
}

/** Completes when there is something to read: whether it is the end of a stream. */
const waitForRead = (sock: Sock, target: AnyTarget): Effect.Effect<boolean, DispatchError> => {
  const wait: Effect.Effect<boolean, DispatchError> = Effect.flatMap(sock.waitForRead, (amount) =>
    amount > 0 || sock.type === SOCK.DGRAM || target.dispatchState === "listening" ? Effect.succeed(false) : look
  )
  // Nothing to read, and yet ready: the end, or an error, or a needless wake.
  const look = Effect.matchEffect(sock.recv(1, MSG.PEEK | MSG.DONTWAIT), {
    onSuccess: (data): Effect.Effect<boolean> => Effect.succeed(data.length === 0),
    onFailure: (error): Effect.Effect<boolean, DispatchError> => {
      if (wouldBlock(error)) return Effect.zipRight(Effect.yieldNow(), wait)
      return isNotConnected(error) ? Effect.succeed(false) : Effect.fail(error)
    }
  })
  return wait
}

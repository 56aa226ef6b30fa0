import { BindFailed, type AcceptError, CommunicationFault, DuctClosed } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import { details, isTransientAcceptError, reasonOf } from "./errno.js"

// node:net accepts as soon as it listens, and cannot be told to stop. What is more than this is closed at once.
const untakenLimit = 64

/**
 * A server of `node:net` whose connections are asked for one by one. Nothing is read from a connection that was not
 * taken. Being woken carries nothing, so an interrupted wait loses no connection.
 */
export class Acceptor {
  private readonly untaken: Array<net.Socket> = []
  private waiting: Array<() => void> = []
  private end: AcceptError | undefined
  readonly server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })

  constructor() {
    this.server
      .on("connection", (socket) => {
        if (this.end !== undefined || this.untaken.length >= untakenLimit) socket.destroy()
        else this.untaken.push(socket)
        this.wake()
      })
      .on("error", (cause) => {
        if (!isTransientAcceptError(cause)) this.close(new CommunicationFault(details(cause)))
      })
  }

  /** Waits for a connection and hands it to `use`, which is not interruptible. */
  accept<A, E, R>(use: (socket: net.Socket) => Effect.Effect<A, E, R>): Effect.Effect<A, E | AcceptError, R> {
    return Effect.uninterruptibleMask((restore) => {
      const next: Effect.Effect<A, E | AcceptError, R> = Effect.suspend(() => {
        const taken = this.take()
        if (taken === undefined) return Effect.zipRight(restore(this.arrival), next)
        return taken instanceof net.Socket ? use(taken) : Effect.fail(taken)
      })
      return next
    })
  }

  /** What is there: a connection, or why there will be no more. */
  take(): net.Socket | AcceptError | undefined {
    return this.untaken.shift() ?? this.end
  }

  /** Whether {@link take} would give something. */
  get hasSome(): boolean {
    return this.untaken.length > 0 || this.end !== undefined
  }

  private readonly arrival: Effect.Effect<void> = Effect.async((resume) => {
    const wake = () => resume(Effect.void)
    if (this.hasSome) return wake()
    return Effect.sync(this.onArrival(wake))
  })

  /** Calls `wake` once when something new is there. Gives what stops that. */
  onArrival(wake: () => void): () => void {
    this.waiting.push(wake)
    return () => {
      this.waiting = this.waiting.filter((other) => other !== wake)
    }
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resume of waiting) resume()
  }

  /**
   * The descriptors are closed when this returns. The server's 'close' event comes only after its last connection's, so
   * it is not waited for.
   */
  close(end: AcceptError): void {
    this.end ??= end
    this.server.close()
    for (const socket of this.untaken.splice(0)) socket.destroy()
    this.wake()
  }
}

/** Listens, until the scope is left. */
export const openAcceptor = (
  target: net.ListenOptions,
  address: string
): Effect.Effect<Acceptor, BindFailed, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const acceptor = new Acceptor()
      const close = Effect.sync(() => acceptor.close(new DuctClosed({ operation: "accept" })))
      return Effect.zipRight(
        Effect.addFinalizer(() => close),
        Effect.as(restore(listening(acceptor, target, address)), acceptor)
      )
    })
  )

const listening = (acceptor: Acceptor, target: net.ListenOptions, address: string): Effect.Effect<void, BindFailed> =>
  Effect.async((resume) => {
    const { server } = acceptor
    const settle = (result: Effect.Effect<void, BindFailed>) => {
      server.off("listening", onListening).off("error", onError)
      resume(result)
    }
    const onListening = () => settle(Effect.void)
    const onError = (cause: unknown) => settle(new BindFailed({ reason: reasonOf(cause), address, ...details(cause) }))
    server.once("listening", onListening).once("error", onError)
    server.listen(target)
    return Effect.sync(() => server.off("listening", onListening).off("error", onError))
  })

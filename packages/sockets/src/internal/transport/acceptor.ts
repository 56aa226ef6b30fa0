import { type AcceptError, CommunicationFault, DuctClosed } from "@ductworks/core/DuctError"
import { details } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Handle } from "../binding.js"
import { fault, isBlocked, isLostConnection, isOutOfRoom } from "../errno.js"
import { NativeHandle } from "../nativeHandle.js"
import type { System } from "./system.js"

// With no descriptor left, accept(2) says so at once and again: it is not asked for this long.
const pauseMillis = 100

/**
 * A listening socket that accepts when it is asked to, and never before: what nobody asked for waits in the kernel's
 * queue, whose length is the backlog. Being woken carries nothing, so an interrupted wait loses no connection.
 */
export class Acceptor {
  private readonly polled: NativeHandle
  private waiting: Array<() => void> = []
  private pause: NodeJS.Timeout | undefined
  private end: AcceptError | undefined

  constructor(
    private readonly system: System,
    readonly handle: Handle
  ) {
    this.polled = new NativeHandle(system.binding, handle)
  }

  /** Waits for a connection and hands it to `use`, which is not interruptible and may refuse it with `undefined`. */
  accept<A, E, R>(use: (handle: Handle) => Effect.Effect<A, E, R> | undefined): Effect.Effect<A, E | AcceptError, R> {
    return Effect.uninterruptibleMask((restore) => {
      const next: Effect.Effect<A, E | AcceptError, R> = Effect.suspend(() => {
        if (this.end !== undefined) return Effect.fail(this.end)
        const handle = this.take()
        if (handle === undefined) return Effect.zipRight(restore(this.arrival), next)
        return use(handle) ?? Effect.zipRight(restore(Effect.void), next)
      })
      return next
    })
  }

  private take(): Handle | undefined {
    if (this.pause !== undefined) return undefined
    const { addresses, binding } = this.system
    const handle = binding.accept(this.handle, addresses.from)
    if (handle >= 0) return handle
    if (isOutOfRoom(handle)) this.rest()
    else if (!isBlocked(handle) && !isLostConnection(handle)) this.fail(handle)
    return undefined
  }

  private rest(): void {
    this.pause = setTimeout(() => {
      this.pause = undefined
      this.wake()
    }, pauseMillis)
  }

  private fail(result: number): void {
    this.close(new CommunicationFault(details(fault("accept", result))))
  }

  private readonly arrival: Effect.Effect<void> = Effect.async((resume) => {
    const wake = () => resume(Exit.void)
    if (this.end !== undefined) return wake()
    this.waiting.push(wake)
    if (this.pause === undefined) this.watch()
    return Effect.sync(() => {
      this.waiting = this.waiting.filter((other) => other !== wake)
      if (this.waiting.length === 0 && this.end === undefined) this.polled.watch("read", undefined)
    })
  })

  private watch(): void {
    const result = this.polled.watch("read", this.wake)
    if (result < 0) this.fail(result)
  }

  private readonly wake = (): void => {
    const waiting = this.waiting
    this.waiting = []
    for (const resume of waiting) resume()
  }

  /** Idempotent. What waits in the kernel's queue ends. */
  close(end: AcceptError = closed): void {
    if (this.end !== undefined) return
    this.end = end
    clearTimeout(this.pause)
    this.polled.close()
    this.wake()
  }
}

const closed = new DuctClosed({ operation: "accept" })

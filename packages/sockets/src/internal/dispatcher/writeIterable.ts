import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { doNothing, type EventDriver, noSocket } from "./drivers.js"
import { ended, Sending, type Step, writeSentinel } from "./steps.js"
import { type AnyTarget, type DispatchError, wantWrite } from "./target.js"

/**
 * Where an item is: `beforeSend` before its first byte, `afterSend` just after the first call that sent of it. Neither:
 * the whole item was handed to the socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface SendPhase {
  readonly beforeSend: boolean
  readonly afterSend: boolean
}

/**
 * Something to send; text goes as UTF-8.
 *
 * @since 0.1.0
 * @category models
 */
export type Item = Uint8Array | string

const before: SendPhase = { beforeSend: true, afterSend: false }
const after: SendPhase = { beforeSend: false, afterSend: true }
const complete: SendPhase = { beforeSend: false, afterSend: false }

// Calls of send an event, at most, so that one target with much to send does not hold up the others.
const sendsPerEvent = 16

/**
 * Sends items to a target's socket, one after the other, whenever an event says that it can be written. Items are taken
 * from the iterable one by one, each once the one before has left. `forEach` runs once for each, after the whole of it
 * was handed to the socket; with `beforeAndAfter` also before, and just after the first call that sent of it, in this
 * order even when one call sends everything. An error ends it, and so does the dispatcher that closes the target: the
 * iterable, too (its iterator's `return` is called). A target that is only removed may go on, and keeps its iterator.
 *
 * It asks for events of writing in the target's filter while it has something to send. An empty item sends nothing.
 *
 * @param forEach default: does nothing
 * @param sentinel default {@link writeSentinel}
 * @since 0.1.0
 * @category drivers
 */
export function writeIterable<A extends Item, E = never, R = never>(
  target: AnyTarget,
  iterable: Iterable<A>,
  forEach?: (item: A, phase: SendPhase) => Effect.Effect<void, E, R>
): EventDriver<typeof writeSentinel, E, R>
export function writeIterable<A extends Item, S extends symbol, E = never, R = never>(
  target: AnyTarget,
  iterable: Iterable<A>,
  forEach: ((item: A, phase: SendPhase) => Effect.Effect<void, E, R>) | undefined,
  sentinel: S,
  beforeAndAfter?: boolean
): EventDriver<S, E, R>
export function writeIterable<A extends Item, E, R>(
  target: AnyTarget,
  iterable: Iterable<A>,
  forEach: (item: A, phase: SendPhase) => Effect.Effect<void, E, R> = doNothing,
  sentinel: symbol = writeSentinel,
  beforeAndAfter: boolean = false
): EventDriver<symbol, E, R> {
  const driver = new IterableWriter(target, iterable, forEach, sentinel, beforeAndAfter)
  return driver.onEvent
}

const bytesOf = (item: Item): Uint8Array => (typeof item === "string" ? new TextEncoder().encode(item) : item)

interface Current<A> {
  readonly item: A
  /** What `forEach` is still to be told of it. */
  readonly due: Array<SendPhase>
  hasBegun: boolean
}

class IterableWriter<A extends Item, E, R> {
  private isOver = false
  private iterator: Iterator<A> | undefined
  private current: Current<A> | undefined
  private sending: Sending<typeof writeSentinel> | undefined
  private readonly more: Exit.Exit<symbol>

  constructor(
    private readonly target: AnyTarget,
    private readonly iterable: Iterable<A>,
    private readonly forEach: (item: A, phase: SendPhase) => Effect.Effect<void, E, R>,
    sentinel: symbol,
    private readonly hasBeforeAndAfter: boolean
  ) {
    this.more = Exit.succeed(sentinel)
  }

  readonly onEvent: EventDriver<symbol, E, R> = ([, writable, error]) =>
    Effect.suspend(() => {
      if (this.isOver) return ended
      if (Option.isSome(error)) return this.finish(Exit.fail(error))
      wantWrite(this.target, true)
      return writable ? this.go(sendsPerEvent) : this.more
    })

  private go(sends: number): Step<never, symbol, E | DispatchError, R> {
    if (this.isOver) return ended // closed within `forEach`
    const { current } = this
    const phase = current?.due.shift()
    if (current !== undefined && phase !== undefined) return this.tell(current, phase, sends)
    if (sends === 0) return this.more
    const { sock } = this.target
    if (sock === undefined) return this.finish(noSocket("writeIterable"))
    const sending = (this.sending ??= new Sending(sock, writeSentinel))
    return current === undefined ? this.next(sending, sends) : this.send(current, sending, sends)
  }

  private next(sending: Sending<typeof writeSentinel>, sends: number): Step<never, symbol, E | DispatchError, R> {
    const next = (this.iterator ??= this.begin()).next()
    if (next.done === true) {
      this.iterator = undefined
      return this.finish(ended)
    }
    const item = next.value
    sending.put(bytesOf(item))
    this.current = { item, due: this.hasBeforeAndAfter ? [before] : [], hasBegun: false }
    return this.go(sends)
  }

  // What is told is no longer due before it is told: interrupted, it is not told twice.
  private tell(current: Current<A>, phase: SendPhase, sends: number): Step<never, symbol, E | DispatchError, R> {
    if (phase === complete) this.current = undefined
    return Effect.matchEffect(this.forEach(current.item, phase), {
      onSuccess: () => this.go(sends),
      onFailure: (error) => this.finish(Exit.fail(Option.some(error)))
    })
  }

  private send(
    current: Current<A>,
    sending: Sending<typeof writeSentinel>,
    sends: number
  ): Step<never, symbol, E | DispatchError, R> {
    return Effect.matchEffect(sending.step, {
      onSuccess: (left) => {
        if (left === writeSentinel) return this.more
        if (!current.hasBegun && this.hasBeforeAndAfter) current.due.push(after)
        current.hasBegun = true
        if (left === 0) current.due.push(complete)
        return this.go(sends - 1)
      },
      onFailure: (error) => this.finish(Exit.fail(error))
    })
  }

  private begin(): Iterator<A> {
    this.target.releases?.add(this.release)
    return this.iterable[Symbol.iterator]()
  }

  private finish<X>(exit: Exit.Exit<never, X>): Exit.Exit<never, X> {
    this.release()
    return exit
  }

  private readonly release = (): void => {
    const { iterator } = this
    this.isOver = true
    this.current = undefined
    this.iterator = undefined
    this.target.releases?.delete(this.release)
    wantWrite(this.target, false)
    iterator?.return?.()
  }
}

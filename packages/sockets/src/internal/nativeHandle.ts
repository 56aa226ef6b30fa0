import { wakes } from "@ductworks/core/Wakes"
import type { Binding, Handle } from "./binding.js"
import type { Direction } from "./port.js"

const READ = 1
const WRITE = 2

/** Who waits for a direction: a function, or an object that needs none of its own for it. */
export type Waiter = (() => void) | { ready(): void }

/**
 * An open descriptor of this thread and who waits for it: one a direction. It keeps the event loop alive exactly while
 * someone does.
 */
export class NativeHandle {
  private reader: Waiter | undefined
  private writer: Waiter | undefined
  // What the addon was told; it forgets what became ready.
  private interest = 0
  // What it need not be told: it hears of it when the event that is under way is over.
  private unsaid = 0
  private readonly dispatch: Dispatch

  /** @param handle one of the binding that nothing else dispatches for */
  constructor(
    private readonly binding: Binding,
    readonly handle: Handle
  ) {
    this.dispatch = dispatchOf(binding)
    this.dispatch[slotOf(handle)] = this
  }

  /** Calls `waiter` once when the direction is ready, or closed; replaces the one before. 0, or a negative errno. */
  watch(direction: Direction, waiter: Waiter | undefined): number {
    if (direction === "read") this.reader = waiter
    else this.writer = waiter
    const interest = (this.reader === undefined ? 0 : READ) | (this.writer === undefined ? 0 : WRITE)
    if (interest === this.interest) return 0
    if (this.unsaid === 0 || (interest & ~this.unsaid) !== 0) {
      this.unsaid = 0
      const result = this.binding.wait(this.handle, interest)
      if (result < 0) return this.refuse(direction, result)
    }
    this.interest = interest
    return 0
  }

  // A failed wait waits for nothing: the other direction's waiter looks again.
  private refuse(direction: Direction, result: number): number {
    if (direction === "read") this.reader = undefined
    else this.writer = undefined
    this.fire(READ | WRITE)
    return result
  }

  /** What became ready, and what is waited for then. */
  ready(events: number): number | undefined {
    // What fired is armed still, and so is what was told before.
    this.unsaid = this.interest | events
    try {
      wake(this, events)
      return this.unsaid === 0 ? undefined : this.interest
    } catch (defect) {
      this.binding.wait(this.handle, this.interest)
      throw defect
    } finally {
      this.unsaid = 0
    }
  }

  /** Wakes who waits for it. */
  fire(events: number): void {
    this.interest &= ~events
    const { reader, writer } = this
    if ((events & READ) !== 0) this.reader = undefined
    if ((events & WRITE) !== 0) this.writer = undefined
    if ((events & READ) !== 0) tell(reader)
    if ((events & WRITE) !== 0) tell(writer)
  }

  /** Closes the descriptor and wakes who waits. To be called once. */
  close(): number {
    this.dispatch[slotOf(this.handle)] = undefined
    const result = this.binding.close(this.handle)
    this.fire(READ | WRITE)
    return result
  }
}

const tell = (waiter: Waiter | undefined): void => {
  if (typeof waiter === "function") waiter()
  else waiter?.ready()
}

// By slot: the lower bits of a handle (binding/environment.c).
type Dispatch = Array<NativeHandle | undefined>

const slotOf = (handle: Handle): number => handle & 0xfffff

// A binding belongs to a thread and calls one function, so what it calls for is found by handle.
const dispatches = new WeakMap<Binding, Dispatch>()

const dispatchOf = (binding: Binding): Dispatch => {
  const made = dispatches.get(binding)
  if (made !== undefined) return made
  const open: Dispatch = []
  dispatches.set(binding, open)
  binding.onReady((handle, events) => {
    const polled = open[slotOf(handle)]
    return polled?.handle === handle ? polled.ready(events) : undefined
  })
  return open
}

const wake = wakes.within((polled: NativeHandle, events: number) => polled.fire(events))

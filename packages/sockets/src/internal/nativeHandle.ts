import type { Binding, Handle } from "./binding.js"
import type { Direction } from "./port.js"

const READ = 1
const WRITE = 2

/**
 * An open descriptor of this thread and who waits for it: one a direction. It keeps the event loop alive exactly while
 * someone does.
 */
export class NativeHandle {
  private reader: (() => void) | undefined
  private writer: (() => void) | undefined
  // What the addon was told; it forgets what became ready.
  private interest = 0
  private readonly dispatch: Dispatch

  /** @param handle one of the binding that nothing else dispatches for */
  constructor(
    private readonly binding: Binding,
    readonly handle: Handle
  ) {
    this.dispatch = dispatchOf(binding)
    this.dispatch.set(handle, this)
  }

  /** Calls `wake` once when the direction is ready, or closed; replaces the one before. 0, or a negative errno. */
  watch(direction: Direction, wake: (() => void) | undefined): number {
    if (direction === "read") this.reader = wake
    else this.writer = wake
    const interest = (this.reader === undefined ? 0 : READ) | (this.writer === undefined ? 0 : WRITE)
    if (interest === this.interest) return 0
    const result = this.binding.wait(this.handle, interest)
    if (result < 0) return this.refuse(direction, result)
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

  /** What became ready. */
  fire(events: number): void {
    this.interest &= ~events
    const { reader, writer } = this
    if ((events & READ) !== 0) this.reader = undefined
    if ((events & WRITE) !== 0) this.writer = undefined
    if ((events & READ) !== 0) reader?.()
    if ((events & WRITE) !== 0) writer?.()
  }

  /** Closes the descriptor and wakes who waits. To be called once. */
  close(): number {
    this.dispatch.delete(this.handle)
    const result = this.binding.close(this.handle)
    this.fire(READ | WRITE)
    return result
  }
}

type Dispatch = Map<Handle, NativeHandle>

// A binding belongs to a thread and calls one function, so what it calls for is found by handle.
const dispatches = new WeakMap<Binding, Dispatch>()

const dispatchOf = (binding: Binding): Dispatch => {
  const made = dispatches.get(binding)
  if (made !== undefined) return made
  const open: Dispatch = new Map()
  dispatches.set(binding, open)
  binding.onReady((handle, events) => open.get(handle)?.fire(events))
  return open
}

/** A bell of one side: 128 bytes, so that the two do not share a cache line. */
export const bellBytes = 128

const rung = 0
const asleep = 1

/**
 * Wakes a thread's event loop from another thread. Whoever waits looks at the shared state again after `listen`, so that
 * what changed before it is not missed; ringing for somebody who is awake costs one atomic exchange.
 */
export class Bell {
  private readonly control: Int32Array
  private isListening = false

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.control = new Int32Array(memory, offset, bellBytes / 4)
  }

  /** From the other side. */
  ring(): void {
    if (Atomics.exchange(this.control, asleep, 0) === 1) this.force()
  }

  /** Wakes the listener for good, also to let its promise go. */
  force(): void {
    Atomics.add(this.control, rung, 1)
    Atomics.notify(this.control, rung)
  }

  /** Calls `wake`, once, in a task of its own, when the bell is rung from now on. While it listens already it does nothing. */
  listen(wake: () => void): void {
    Atomics.store(this.control, asleep, 1)
    if (this.isListening) return
    this.isListening = true
    const woken = () => {
      this.isListening = false
      wake()
    }
    const result = Atomics.waitAsync(this.control, rung, Atomics.load(this.control, rung))
    if (result.async) void result.value.then(woken)
    else queueMicrotask(woken)
  }
}

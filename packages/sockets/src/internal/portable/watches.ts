import type { Direction } from "../port.js"

/** Who waits for a socket to become ready: one a direction, woken once. */
export class Watches {
  private read: (() => void) | undefined
  private write: (() => void) | undefined

  /**
   * @param hold whether the socket is to keep the process alive: while somebody waits to read, as a poll handle does.
   * What is being sent keeps it alive by itself.
   */
  constructor(private readonly hold: (isHeld: boolean) => void) {}

  set(direction: Direction, wake: (() => void) | undefined): void {
    this[direction] = wake
    if (direction === "read") this.hold(wake !== undefined)
  }

  isWatched(direction: Direction): boolean {
    return this[direction] !== undefined
  }

  /** For what is ready already. Not within the call: who waits is not done with beginning to. */
  fireSoon(direction: Direction): void {
    const wake = this[direction]
    queueMicrotask(() => {
      if (this[direction] === wake) this.fire(direction)
    })
  }

  fire(direction: Direction): void {
    const wake = this[direction]
    if (wake === undefined) return
    this.set(direction, undefined)
    wake()
  }

  fireAll(): void {
    this.fire("read")
    this.fire("write")
  }
}

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Sock } from "../../Sock.js"
import type { Port, Ports } from "../port.js"

/** Sockets that end with a scope. */
export type Slot = Array<Sock>

/** How the sockets of a layer behave, and how many there are. */
export class System {
  /** Sockets whose scope is open, closed ones included. */
  live = 0

  /**
   * @param maxImmediate operations of a socket without waiting before the event loop has a turn
   * @param isEager whether a receive asks the system also when it must be empty: it spins then
   */
  constructor(
    readonly ports: Ports,
    readonly maxImmediate: number,
    readonly isEager: boolean,
    private readonly make: (port: Port, system: System) => Sock
  ) {}

  /** Room in the caller's scope for sockets that come later, so that what has come cannot be lost on its way there. */
  readonly slot: Effect.Effect<Slot, never, Scope.Scope> = Effect.acquireRelease(
    Effect.sync((): Slot => []),
    (slot) => this.release(slot)
  )

  /** Makes a socket and puts it there. */
  place(port: Port, slot: Slot): Sock {
    const sock = this.make(port, this)
    this.live += 1
    slot.push(sock)
    return sock
  }

  /** A socket over a port that is made now, in the caller's scope. */
  open<E>(make: Effect.Effect<Port, E>): Effect.Effect<Sock, E, Scope.Scope> {
    return Effect.suspend(() => {
      const slot: Slot = []
      return Effect.acquireRelease(
        Effect.map(make, (port) => this.place(port, slot)),
        () => this.release(slot)
      )
    })
  }

  private release(slot: Slot): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.live -= slot.length
      return Effect.forEach(slot.splice(0), (sock) => sock.close, { discard: true })
    })
  }
}

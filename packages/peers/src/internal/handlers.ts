import type * as Effect from "effect/Effect"
import type * as Runtime from "effect/Runtime"
import type { Peer } from "../PeerTransport.js"
import { start, type Started } from "./fibers.js"

/** A handler with its services: begins at once with a message. */
export type Start = (peer: Peer, data: unknown) => Started

export const starter =
  <R>(runtime: Runtime.Runtime<R>, handler: (peer: Peer, data: unknown) => Effect.Effect<unknown, unknown, R>): Start =>
  (peer, data) =>
    start(runtime, () => handler(peer, data))

/** Handlers by the name of their type, in the order in which they came. The arrays are never changed in place. */
export class Registry<H> {
  private readonly table = new Map<string, ReadonlyArray<H>>()

  of(type: string): ReadonlyArray<H> {
    return this.table.get(type) ?? none
  }

  /** Adds a handler, or puts it in the place of all others; gives what takes it away again. */
  add(type: string, handler: H, isExclusive: boolean): () => void {
    this.table.set(type, isExclusive ? [handler] : [...this.of(type), handler])
    return () => {
      this.table.set(
        type,
        this.of(type).filter((other) => other !== handler)
      )
    }
  }

  count(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.table].map(([type, handlers]) => [type, handlers.length] as const))
  }
}

const none: ReadonlyArray<never> = []

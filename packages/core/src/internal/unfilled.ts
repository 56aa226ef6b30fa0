import * as Predicate from "effect/Predicate"

interface Buffers {
  readonly allocUnsafeSlow: (size: number) => { readonly buffer: ArrayBufferLike }
}

const isBuffers = (value: unknown): value is Buffers =>
  Predicate.hasProperty(value, "allocUnsafeSlow") && typeof value.allocUnsafeSlow === "function"

// Node's, where there is one: memory that is about to be filled need not be cleared before, which takes a pass over it.
const nodes: unknown = Reflect.get(globalThis, "Buffer")
const buffers = isBuffers(nodes) ? nodes : undefined

/** Memory of its own with anything in it, for who fills it before anybody else sees it. */
export const unfilled = (size: number): Uint8Array =>
  buffers === undefined ? new Uint8Array(size) : new Uint8Array(buffers.allocUnsafeSlow(size).buffer, 0, size)

/** What the MessagePack codec leaves unchecked in values, on their way out and in. */
import * as Predicate from "effect/Predicate"
import { Problem } from "./faults.js"

/** Throws a {@link Problem} for what the encoder would write as something else, unnoticed. */
export const checkScalar = (value: unknown): void => {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new Problem("a string in it has a lone surrogate, which UTF-8 cannot carry")
  } else if (
    typeof value === "bigint" &&
    value !== (value < 0 ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))
  ) {
    throw new Problem("a bigint in it does not fit 64 bits")
  }
}

/** The same for what stands directly in an array or an object, and for the object itself. */
export const checkContainer = (value: unknown): void => {
  if (Array.isArray(value)) {
    value.forEach(checkScalar)
  } else if (Predicate.isRecord(value) && !ArrayBuffer.isView(value)) {
    const keys = Object.keys(value)
    if (keys.length === 0 && !isPlain(value)) {
      throw new Problem(
        `${Object.prototype.toString.call(value)} would arrive as an empty map; convert it, or give an extension for it`
      )
    }
    for (const key of keys) {
      checkScalar(key)
      checkScalar(value[key])
    }
  }
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/**
 * A decoded value whose bytes are its own. The decoder gives views of the payload; one that is less than half of its
 * memory would keep the rest alive. Only where the payload was scanned, so that the depth is bounded; what extensions made
 * of theirs may be of any depth, frozen, or go in circles.
 */
export const ownBytes = (value: unknown, foreign: WeakSet<object>): unknown => {
  if (!Predicate.isObject(value) || foreign.has(value)) return value
  if (value instanceof Uint8Array) {
    return value.length * 2 >= value.buffer.byteLength ? value : new Uint8Array(value)
  }
  if (Array.isArray(value)) return value.map((part) => ownBytes(part, foreign))
  if (!Predicate.isRecord(value) || !isPlain(value)) return value
  for (const key of Object.keys(value)) value[key] = ownBytes(value[key], foreign)
  return value
}

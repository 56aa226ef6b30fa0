/** Looks at a message that a format has refused, for what to say of it. Never recurses, and runs none of its getters. */
import * as Predicate from "effect/Predicate"

/** Whether an object stands somewhere inside itself. */
export const containsItself = (message: unknown): boolean => {
  const open = new Set<object>()
  const closed = new Set<object>()
  const ahead: Array<{ readonly value: object; readonly isLeft: boolean }> = []
  const enter = (value: unknown) => {
    if (Predicate.isObject(value) && !closed.has(value)) ahead.push({ value, isLeft: false })
  }
  enter(message)
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { isLeft, value } = next
    if (isLeft) {
      open.delete(value)
      closed.add(value)
    } else if (open.has(value)) {
      return true
    } else if (!closed.has(value)) {
      open.add(value)
      ahead.push({ value, isLeft: true })
      for (const [, part] of partsOf(value)) enter(part)
    }
  }
  return false
}

/**
 * At least how many characters the message has in any text of it: those of its texts and keys, and one for every other
 * value. Counts on until that is more than `limit`, and every object once, so that it always ends.
 */
export const leastLength = (message: unknown, limit: number): number => {
  let length = 0
  const seen = new Set<object>()
  const ahead: Array<unknown> = [message]
  while (ahead.length > 0 && length <= limit) {
    const value = ahead.pop()
    length += typeof value === "string" ? value.length : 1
    if (!Predicate.isObject(value) || seen.has(value)) continue
    seen.add(value)
    for (const [key, part] of partsOf(value)) {
      if (!Array.isArray(value)) length += key.length
      ahead.push(part)
    }
  }
  return length
}

/** The own data properties of an object, elements of an array among them; of bytes none, which would be very many. */
const partsOf = function* (value: object): Generator<readonly [key: string, part: unknown]> {
  if (ArrayBuffer.isView(value)) return
  for (const key of Object.keys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (property !== undefined && "value" in property) yield [key, property.value]
  }
}

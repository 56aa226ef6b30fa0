import * as Predicate from "effect/Predicate"

/**
 * Removes a variable from the environment of the process, where there is one (this package runs without Node too), so
 * that child processes of this one do not inherit it.
 */
export const forget = (name: string): void => {
  const process: unknown = Reflect.get(globalThis, "process")
  if (!Predicate.hasProperty(process, "env") || !Predicate.isRecord(process.env)) return
  Reflect.deleteProperty(process.env, name)
}

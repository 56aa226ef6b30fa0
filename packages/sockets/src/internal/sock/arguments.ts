import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Predicate from "effect/Predicate"

/** The most bytes that one receive may ask for: 64 MiB. */
export const mostBytes = 64 * 1024 * 1024

/** What is wrong with an argument; `undefined` where nothing is. */
export type Problem = InvalidArgument | undefined

const within = (operation: string, what: string, value: unknown, from: number, to: number): Problem =>
  Predicate.isNumber(value) && Number.isInteger(value) && value >= from && value <= to
    ? undefined
    : new InvalidArgument({
        operation,
        problem: `${what} must be a whole number from ${from} to ${to}, not ${String(value)}`
      })

/** Bytes to receive. */
export const checkCount = (operation: string, count: number): Problem =>
  Number.isInteger(count) && count >= 0 && count <= mostBytes
    ? undefined
    : within(operation, "the number of bytes", count, 0, mostBytes)

const lowestInt = -0x80000000
const highestInt = 0x7fffffff

/** A C `int`. */
export const checkInt = (operation: string, what: string, value: number): Problem =>
  within(operation, what, value, lowestInt, highestInt)

/** A C `int` from 0 on. */
export const checkNatural = (operation: string, what: string, value: number, most = highestInt): Problem =>
  within(operation, what, value, 0, most)

/** Bytes to send, which callers without types may get wrong. */
export const checkBytes = (operation: string, data: unknown): Problem =>
  data instanceof Uint8Array
    ? undefined
    : new InvalidArgument({ operation, problem: "the data must be a Uint8Array; encode text with a TextEncoder" })

/** What is said of lent memory that is not what it was. */
export const resized = (operation: string): InvalidArgument =>
  new InvalidArgument({ operation, problem: "the memory was transferred or resized meanwhile" })

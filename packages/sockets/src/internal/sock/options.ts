import { InvalidArgument, Unsupported } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { endianness } from "node:os"
import { SO, SOL } from "../../SocketConstants.js"
import type { ArgumentError, SocketError } from "../../SocketError.js"
import type { Port } from "../port.js"
import { checkInt, checkNatural } from "./arguments.js"
import type { SockState } from "./state.js"

const isLittle = endianness() === "LE"

/** A C `int` as the system has it in memory. */
export const intBytes = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, isLittle)
  return bytes
}

// Some options are one byte where the system gives what fits (IP_MULTICAST_TTL of the BSDs).
const intOf = (bytes: Uint8Array, length: number): number =>
  length >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, isLittle) : (bytes[0] ?? 0)

/** The error that waits in the socket, negative, which this takes out; 0 for none. */
export const pendingError = (port: Port): number => {
  const bytes = new Uint8Array(4)
  const length = port.getsockopt(SOL.SOCKET, SO.ERROR, bytes)
  return length < 0 ? length : -intOf(bytes, length)
}

// Larger than any option of the system.
const mostOptionBytes = 64 * 1024

export const getsockopt = (
  state: SockState,
  level: number,
  name: number,
  bufferLength: number
): Effect.Effect<number | Uint8Array, ArgumentError> => {
  const problem =
    checkName("getsockopt", level, name) ?? checkNatural("getsockopt", "bufferLength", bufferLength, mostOptionBytes)
  if (problem !== undefined) return problem
  return Effect.suspend(() => {
    const bytes = new Uint8Array(bufferLength === 0 ? 4 : bufferLength)
    return Effect.map(
      state.call("getsockopt", () => state.port.getsockopt(level, name, bytes)),
      (length) => (bufferLength === 0 ? intOf(bytes, length) : bytes.subarray(0, length))
    )
  })
}

export const setsockopt = (
  state: SockState,
  level: number,
  name: number,
  value: number | Uint8Array
): Effect.Effect<void, ArgumentError> => {
  const problem = checkName("setsockopt", level, name) ?? checkValue(value)
  if (problem !== undefined) return problem
  return state.call("setsockopt", () =>
    state.port.setsockopt(level, name, Predicate.isNumber(value) ? intBytes(value) : value)
  )
}

export const setReuseAddr = (state: SockState): Effect.Effect<void, SocketError> =>
  state.call("setReuseAddr", () => state.port.setsockopt(SOL.SOCKET, SO.REUSEADDR, intBytes(1)))

const checkValue = (value: unknown): InvalidArgument | undefined => {
  if (value instanceof Uint8Array) return undefined
  if (Predicate.isNumber(value)) return checkInt("setsockopt", "an option's value", value)
  return new InvalidArgument({
    operation: "setsockopt",
    problem: "an option's value must be a whole number or a Uint8Array of its bytes"
  })
}

const checkName = (operation: string, level: number, name: number): InvalidArgument | Unsupported | undefined => {
  const problem = checkInt(operation, "the level", level) ?? checkInt(operation, "the option", name)
  if (problem !== undefined) return problem
  return level === -1 || name === -1
    ? new Unsupported({ operation, problem: "this system lacks the option: its constant is -1" })
    : undefined
}

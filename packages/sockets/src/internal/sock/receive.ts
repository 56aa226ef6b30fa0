import { InvalidArgument } from "@ductworks/core/DuctError"
import { copyOf } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import { Buffer } from "node:buffer"
import type { SocketAddress } from "../../SocketAddress.js"
import { MSG } from "../../SocketConstants.js"
import type { ArgumentError, SocketError } from "../../SocketError.js"
import type { RecvIntoOptions } from "../../Sock.js"
import { checkCount, checkInt, type Problem } from "./arguments.js"
import type { Step } from "./half.js"
import { receive as receiveStream, recvAll } from "./receiveExact.js"
import type { SockState } from "./state.js"

/** A receive, of all kinds. Bytes that were received before and not handed out come first. */
export const recv = (state: SockState, count: number, flags: number): Effect.Effect<Uint8Array, ArgumentError> => {
  const problem = checkCount("recv", count) ?? checkInt("recv", "flags", flags)
  if (problem !== undefined) return problem
  if (isWhole(state, flags)) return recvAll(state, count)
  return taking(state, "recv", flags, () => take(state, count, flags, recvCall))
}

export const recvfrom = (
  state: SockState,
  count: number,
  flags: number
): Effect.Effect<readonly [Uint8Array, SocketAddress], ArgumentError> => {
  const problem = checkCount("recvfrom", count) ?? checkInt("recvfrom", "flags", flags)
  if (problem !== undefined) return problem
  return taking(state, "recvfrom", flags, () => {
    const data = take(state, count, flags, recvfromCall)
    return data === undefined ? undefined : ([data, state.port.sender()] as const)
  })
}

export const recvInto = (
  state: SockState,
  buffer: Uint8Array,
  options: RecvIntoOptions | undefined
): Effect.Effect<number, ArgumentError> => {
  const flags = options?.flags ?? 0
  const problem = checkInto("recvInto", buffer, options)
  if (problem !== undefined) return problem
  return taking(state, "recvInto", flags, () => takeInto(state, buffer, options?.nbytes, flags, recvCall))
}

export const recvfromInto = (
  state: SockState,
  buffer: Uint8Array,
  options: RecvIntoOptions | undefined
): Effect.Effect<readonly [number, SocketAddress], ArgumentError> => {
  const flags = options?.flags ?? 0
  const problem = checkInto("recvfromInto", buffer, options)
  if (problem !== undefined) return problem
  return taking(state, "recvfromInto", flags, () => {
    const count = takeInto(state, buffer, options?.nbytes, flags, recvfromCall)
    return count === undefined ? undefined : ([count, state.port.sender()] as const)
  })
}

// --- once, or until there is something

const taking = <A>(state: SockState, operation: string, flags: number, step: Step<A>): Effect.Effect<A, SocketError> =>
  (flags & MSG.DONTWAIT) === 0 ? state.reading.run(operation, step) : state.reading.now(operation, step, state.errorNow)

// A socket that does not block would take it for nothing (recv(2)).
const isWhole = (state: SockState, flags: number): boolean =>
  state.isStream && (flags & (MSG.WAITALL | MSG.PEEK | MSG.DONTWAIT | MSG.OOB)) === MSG.WAITALL

const checkInto = (operation: string, buffer: Uint8Array, options: RecvIntoOptions | undefined): Problem => {
  const { flags = 0, nbytes = 0 } = options ?? {}
  const problem = checkInt(operation, "flags", flags)
  if (problem !== undefined) return problem
  if (buffer.length > 0 && Number.isInteger(nbytes) && nbytes >= 0 && nbytes <= buffer.length) return undefined
  return new InvalidArgument({
    operation,
    problem:
      buffer.length === 0
        ? "the buffer has no room; was its memory transferred, or shrunk?"
        : `nbytes must be a whole number from 0 to the buffer's ${buffer.length}, not ${nbytes}`
  })
}

// --- steps

type Call = (state: SockState, into: Uint8Array, offset: number, length: number, flags: number) => number

const recvCall: Call = ({ port }, into, offset, length, flags) => port.recv(into, offset, length, flags)

const recvfromCall: Call = ({ port }, into, offset, length, flags) => port.recvfrom(into, offset, length, flags)

// Where what is of unknown length lands. A receive and the copy out of it are one step, so one is enough for a thread.
const landing = new Uint8Array(256 * 1024)

const take = (state: SockState, count: number, flags: number, call: Call): Uint8Array | undefined => {
  if (state.carried > 0 && (flags & MSG.OOB) === 0) {
    return (flags & MSG.PEEK) === 0 ? state.carry.take(count) : state.carry.peek(count)
  }
  // Datagrams must fit, of a stream more than this can come with the next receive.
  const into = count <= landing.length || state.isStream ? landing : Buffer.allocUnsafeSlow(count)
  const received = receive(state, into, Math.min(count, into.length), flags, call)
  return received === undefined ? undefined : into === landing ? copyOf(into, received) : into.subarray(0, received)
}

const takeInto = (
  state: SockState,
  buffer: Uint8Array,
  nbytes: number | undefined,
  flags: number,
  call: Call
): number | undefined => {
  const length = nbytes === undefined || nbytes === 0 ? buffer.length : nbytes
  if (state.carried === 0 || (flags & MSG.OOB) !== 0) return receive(state, buffer, length, flags, call)
  const bytes = (flags & MSG.PEEK) === 0 ? state.carry.take(length) : state.carry.peek(length)
  buffer.set(bytes)
  return bytes.length
}

const receive = (state: SockState, into: Uint8Array, length: number, flags: number, call: Call): number | undefined => {
  if (flags === 0 && call === recvCall) return receiveStream(state, into, 0, length)
  const count = call(state, into, 0, length, flags)
  return count < 0 ? state.reading.refuse(count) : count
}

import { InvalidArgument } from "@ductworks/core/DuctError"
import { copyOf } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import { Buffer } from "node:buffer"
import { type SocketAddress, UnixAddress } from "../../SocketAddress.js"
import { MSG } from "../../SocketConstants.js"
import type { ArgumentError } from "../../SocketError.js"
import type { RecvIntoOptions, Sock } from "../../Sock.js"
import { badDescriptor } from "../errno.js"
import { checkCount, checkInt, type Problem } from "./arguments.js"
import { Reason, tellOf } from "./reason.js"
import { recvAll, recvAllInto } from "./receiveExact.js"
import type { SockState } from "./state.js"
import { receive, receiveNew } from "./step.js"

/*
 * Of a stream, bytes are received into the socket or lent memory first, and handed over in a second step (`Half.run`).
 * A datagram, and what comes with flags, is received in the step that hands it over (`Half.take`). Bytes that an
 * interrupted receive left behind come first.
 */

export const recv = (state: SockState, count: number, flags: number): Effect.Effect<Uint8Array, ArgumentError> => {
  const problem = checkCount("recv", count) ?? checkInt("recv", "flags", flags)
  if (problem !== undefined) return problem
  if (!state.isStream) return taking(state, "recv", flags, () => take(state, count, flags, recvCall))
  // Asked for nothing, a system may wait all the same.
  if (count === 0 || isWhole(flags)) return recvAll(state, "recv", count, (bytes) => bytes)
  return flags === 0
    ? state.reading.run("recv", () => (land(state, count) ? state.handOver(count) : undefined), state.error)
    : taking(state, "recv", flags, () => take(state, count, flags, recvCall))
}

/** Receives over a dup of the socket, of which this one may have taken bytes that nobody got: they come first. */
export const recvFirstOf =
  (state: SockState, over: Sock) =>
  (count: number): Effect.Effect<Uint8Array, ArgumentError> =>
    Effect.suspend(() => (state.carried > 0 ? recv(state, count, 0) : over.recv(count)))

export const recvInto = (
  state: SockState,
  buffer: Uint8Array,
  options: RecvIntoOptions | undefined
): Effect.Effect<number, ArgumentError> => {
  const { flags = 0, nbytes = 0 } = options ?? {}
  const problem = checkInto("recvInto", buffer, nbytes, flags)
  if (problem !== undefined) return problem
  const length = nbytes === 0 ? buffer.length : nbytes
  if (state.isStream && isWhole(flags))
    return recvAllInto(state, "recvInto", buffer.subarray(0, length), (count) => count)
  return state.isStream && flags === 0
    ? state.reading.run("recvInto", () => lend(state, buffer, length), tellOf(state.error))
    : taking(state, "recvInto", flags, () => takeInto(state, buffer, length, flags, recvCall))
}

export const recvfrom = (
  state: SockState,
  count: number,
  flags: number
): Effect.Effect<readonly [Uint8Array, SocketAddress], ArgumentError> => {
  const problem = checkCount("recvfrom", count) ?? checkInt("recvfrom", "flags", flags)
  if (problem !== undefined) return problem
  return fromSender(state, (sender) =>
    state.isStream && isWhole(flags)
      ? recvAll(state, "recvfrom", count, (data) => [data, sender()] as const)
      : taking(state, "recvfrom", flags, () => {
          const data = take(state, count, flags, recvfromCall)
          return data === undefined ? undefined : ([data, sender()] as const)
        })
  )
}

export const recvfromInto = (
  state: SockState,
  buffer: Uint8Array,
  options: RecvIntoOptions | undefined
): Effect.Effect<readonly [number, SocketAddress], ArgumentError> => {
  const { flags = 0, nbytes = 0 } = options ?? {}
  const problem = checkInto("recvfromInto", buffer, nbytes, flags)
  if (problem !== undefined) return problem
  const length = nbytes === 0 ? buffer.length : nbytes
  return fromSender(state, (sender) =>
    state.isStream && isWhole(flags)
      ? recvAllInto(state, "recvfromInto", buffer.subarray(0, length), (count) => [count, sender()] as const)
      : taking(state, "recvfromInto", flags, () => {
          const count = takeInto(state, buffer, length, flags, recvfromCall)
          return count === undefined ? undefined : ([count, sender()] as const)
        })
  )
}

// A stream has one sender, which the system names only when it is asked (and not any more after a reset).
const fromSender = <A>(
  state: SockState,
  receive: (sender: () => SocketAddress) => Effect.Effect<A, ArgumentError>
): Effect.Effect<A, ArgumentError> =>
  state.isStream
    ? Effect.flatMap(
        Effect.orElseSucceed(state.port.remoteAddress(), () => UnixAddress("")),
        (peer) => receive(() => peer)
      )
    : receive(() => state.port.sender())

const taking = <A>(
  state: SockState,
  operation: string,
  flags: number,
  step: () => A | undefined
): Effect.Effect<A, ArgumentError> =>
  (flags & MSG.DONTWAIT) === 0
    ? state.reading.take(operation, step, tellOf(state.error))
    : state.reading.now(operation, step, tellOf(state.errorNow))

// A socket that does not block would take it for nothing (recv(2)).
const isWhole = (flags: number): boolean => (flags & (MSG.WAITALL | MSG.PEEK | MSG.DONTWAIT | MSG.OOB)) === MSG.WAITALL

const checkInto = (operation: string, buffer: Uint8Array, nbytes: number, flags: number): Problem => {
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

// --- steps of streams

// Where what is of unknown length lands. A receive and the copy out of it are one step, so one is enough for a thread.
const landing = new Uint8Array(256 * 1024)

/** Whether there is something to hand over, be it the end. */
const land = (state: SockState, count: number): boolean => {
  if (state.carried > 0) return true
  const received = receiveNew(state, landing, 0, Math.min(count, landing.length))
  if (received === undefined) return false
  state.carry.adopt(copyOf(landing, received))
  return true
}

const lend = (state: SockState, buffer: Uint8Array, length: number): Effect.Effect<number> | undefined => {
  if (state.isClosed) return state.reading.refuse(badDescriptor)
  if (buffer.length < length) return state.reading.refuse(Reason.resized)
  const count = receive(state, buffer, 0, length)
  if (count === undefined) return undefined
  state.lend(buffer, count)
  return state.returned
}

// --- steps that take

type Call = (state: SockState, into: Uint8Array, length: number, flags: number) => number

const recvCall: Call = ({ port }, into, length, flags) => port.recv(into, 0, length, flags)

const recvfromCall: Call = ({ port }, into, length, flags) => port.recvfrom(into, 0, length, flags)

const take = (state: SockState, count: number, flags: number, call: Call): Uint8Array | undefined => {
  if (isCarried(state, flags)) return (flags & MSG.PEEK) === 0 ? state.carry.take(count) : state.carry.peek(count)
  // A datagram must fit; of a stream, more can come with the next receive.
  const into = count <= landing.length || state.isStream ? landing : Buffer.allocUnsafeSlow(count)
  const received = state.orEnd(call(state, into, Math.min(count, into.length), flags))
  if (received < 0) return state.reading.refuse(received)
  return into === landing ? copyOf(into, Math.min(received, into.length)) : into.subarray(0, received)
}

const takeInto = (
  state: SockState,
  buffer: Uint8Array,
  length: number,
  flags: number,
  call: Call
): number | undefined => {
  if (buffer.length < length) return state.reading.refuse(Reason.resized)
  if (isCarried(state, flags)) {
    const bytes = (flags & MSG.PEEK) === 0 ? state.carry.take(length) : state.carry.peek(length)
    buffer.set(bytes)
    return bytes.length
  }
  const count = state.orEnd(call(state, buffer, length, flags))
  return count < 0 ? state.reading.refuse(count) : count
}

const isCarried = (state: SockState, flags: number): boolean => state.carried > 0 && (flags & MSG.OOB) === 0

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Buffer } from "node:buffer"
import { type AddressInput, format, fromInput, type SocketAddress } from "../../SocketAddress.js"
import { MSG } from "../../SocketConstants.js"
import type { AddressError, ArgumentError } from "../../SocketError.js"
import { furtherOperations } from "../binding.js"
import { isBlocked, wouldBlock } from "../errno.js"
import { checkAddress } from "./address.js"
import { checkBytes, checkInt, resized } from "./arguments.js"
import { Reason, tellOf } from "./reason.js"
import type { SockState } from "./state.js"

/** All bytes, or with `MSG.DONTWAIT` what goes in one call. */
export const send = (state: SockState, data: Uint8Array, flags: number): Effect.Effect<number, ArgumentError> => {
  const problem = checkBytes("send", data) ?? checkInt("send", "flags", flags)
  if (problem !== undefined) return problem
  if (data.length === 0 && state.isStream) return state.call("send", () => 0)
  if (state.port.sendDatagram !== undefined) return sendDatagram(state, "send", data, flags)
  return (flags & MSG.DONTWAIT) === 0 ? sendAll(state, data, flags) : sendNow(state, data, flags)
}

const sendAll = (state: SockState, data: Uint8Array, flags: number): Effect.Effect<number, ArgumentError> => {
  const { writing } = state
  const total = data.length
  // Of one run: the value may run again.
  let sent = 0
  const step = () => {
    if (!writing.isMidway) sent = 0
    for (;;) {
      if (data.length !== total) return writing.refuse(Reason.resized)
      const count = state.port.send(data, sent, total - sent, flags, state.isStream)
      if (count < 0) return writing.refuse(count)
      sent += count
      state.pace.count(furtherOperations(count))
      if (sent === total) return done(state, total)
      writing.isMidway = true
      // The system's buffer is full, and says when it is not; who spins tries on.
      if (state.guesses) return writing.refuse(wouldBlock)
      if (state.pace.isSpent()) return writing.refuse(Reason.breathe)
    }
  }
  return writing.run("send", step, tellOf(state.error))
}

/** How many: nothing would be lost with the number. */
export const done = (state: SockState, count: number): Exit.Exit<number> => {
  state.writing.release()
  if (state.guesses) state.emptiness.sent()
  return Exit.succeed(count)
}

const sendNow = (state: SockState, data: Uint8Array, flags: number): Effect.Effect<number, ArgumentError> => {
  const { writing } = state
  const total = data.length
  const step = () => {
    // Nothing goes between the bytes of another fiber.
    if (writing.isMidway) return writing.refuse(wouldBlock)
    if (data.length !== total) return writing.refuse(Reason.resized)
    const count = state.port.send(data, 0, total, flags)
    return count < 0 ? writing.refuse(count) : count
  }
  return writing.now("send", step, tellOf(state.errorNow))
}

const sendDatagram = (
  state: SockState,
  operation: string,
  data: Uint8Array,
  flags: number
): Effect.Effect<number, ArgumentError> =>
  sendOne(
    state,
    operation,
    flags,
    data,
    undefined,
    () => state.port.sendDatagram?.(operation, data, flags) ?? state.port.send(data, 0, data.length, flags)
  )

/** All pieces, of a stream without joining them. */
export const writev = (state: SockState, pieces: ReadonlyArray<Uint8Array>): Effect.Effect<number, ArgumentError> => {
  for (const piece of pieces) {
    const problem = checkBytes("writev", piece)
    if (problem !== undefined) return problem
  }
  return Effect.suspend(() =>
    isOfStream(state)
      ? writeAll(
          state,
          pieces.filter((piece) => piece.length > 0)
        )
      : // In any number: one call takes no more than IOV_MAX.
        sendDatagram(state, "writev", Buffer.concat(pieces), 0)
  )
}

// What is no socket has no type, and keeps no bounds of messages.
const isOfStream = ({ isStream, port }: SockState): boolean => isStream || port.type === 0

const writeAll = (state: SockState, pieces: ReadonlyArray<Uint8Array>): Effect.Effect<number, ArgumentError> => {
  const { writing } = state
  const total = sizeOf(pieces)
  let sent = 0
  let first = 0
  let offset = 0
  const step = () => {
    if (sizeOf(pieces) !== total) return writing.refuse(Reason.resized)
    while (sent < total) {
      const count = state.port.sendv(pieces, first, offset)
      if (count < 0) return writing.refuse(count)
      state.pace.count(furtherOperations(count))
      sent += count
      offset += count
      for (let piece = pieces[first]; piece !== undefined && offset >= piece.length; piece = pieces[++first]) {
        offset -= piece.length
      }
      writing.isMidway = true
      if (sent < total && state.pace.isSpent()) return writing.refuse(Reason.breathe)
    }
    return done(state, sent)
  }
  return total === 0 ? state.call("writev", () => 0) : writing.run("writev", step, tellOf(state.error))
}

/** All bytes of the pieces. */
export const sizeOf = (pieces: ReadonlyArray<Uint8Array>): number => {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}

/** One call. */
export const sendto = (
  state: SockState,
  data: Uint8Array,
  input: AddressInput,
  flags: number
): Effect.Effect<number, AddressError> => {
  const problem = checkBytes("sendto", data) ?? checkInt("sendto", "flags", flags)
  if (problem !== undefined) return problem
  const address = fromInput(input)
  return (
    checkAddress(state.port.domain, address, true) ??
    sendOne(state, "sendto", flags, data, address, () => state.port.sendto(data, flags, address))
  )
}

/** One call to an address, or to the peer; ports answer at once or with an Effect. */
export const sendOne = <E>(
  state: SockState,
  operation: string,
  flags: number,
  data: Uint8Array,
  address: SocketAddress | undefined,
  call: () => number | Effect.Effect<number, E>
): Effect.Effect<number, E | ArgumentError> => {
  const total = data.length
  const tell = (name: string, reason: number) => {
    if (reason === Reason.resized) return resized(name)
    return address === undefined || isBlocked(reason)
      ? state.errorNow(name, reason)
      : state.error(name, reason, format(address))
  }
  if ((flags & MSG.DONTWAIT) !== 0) {
    const step = () => {
      if (data.length !== total) return state.writing.refuse(Reason.resized)
      const result = state.writing.isMidway ? wouldBlock : call()
      return typeof result === "number" && result < 0 ? state.writing.refuse(result) : result
    }
    return Effect.flatMap(state.writing.now(operation, step, tell), (result) =>
      typeof result === "number" ? Effect.succeed(result) : result
    )
  }
  const step = () => {
    if (data.length !== total) return state.writing.refuse(Reason.resized)
    const result = call()
    if (typeof result === "number") return result < 0 ? state.writing.refuse(result) : done(state, result)
    state.writing.release()
    return result
  }
  return state.writing.run<number, E | ArgumentError>(operation, step, tell)
}

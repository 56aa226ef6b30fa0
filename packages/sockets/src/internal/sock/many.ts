/** Many datagrams at once, each in memory of its own. */
import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { type AddressInput, format, fromInput, type SocketAddress } from "../../SocketAddress.js"
import { SOCK } from "../../SocketConstants.js"
import { type AddressError, type ArgumentError, SocketClosed } from "../../SocketError.js"
import { fault, isBlocked, notSupported } from "../errno.js"
import type { Origin } from "../port.js"
import { checkAddress } from "./address.js"
import { checkBytes, type Problem, resized } from "./arguments.js"
import { Reason } from "./reason.js"
import { done, sendOne, sizeOf } from "./send.js"
import type { SockState } from "./state.js"

export const sendmmsg = (
  state: SockState,
  datagrams: ReadonlyArray<Uint8Array>,
  input: AddressInput | undefined
): Effect.Effect<number, AddressError> => {
  const operation = "sendmmsg"
  const address = input === undefined ? undefined : fromInput(input)
  const problem =
    checkKind(operation, state) ??
    firstOf(datagrams, (datagram) => checkBytes(operation, datagram)) ??
    (address === undefined ? undefined : checkAddress(state.port.domain, address, true))
  if (problem !== undefined) return problem
  if (datagrams.length === 0) return state.call(operation, () => 0)
  return state.port.sendmmsg === undefined
    ? sendEach(state, operation, datagrams, address)
    : sendTogether(state, operation, datagrams, address)
}

// As many as the system takes at once, and then again: nobody else goes between.
const sendTogether = (
  state: SockState,
  operation: string,
  datagrams: ReadonlyArray<Uint8Array>,
  address: SocketAddress | undefined
): Effect.Effect<number, AddressError> => {
  const { port, writing } = state
  const count = datagrams.length
  const total = sizeOf(datagrams)
  // Of one run: the value may run again.
  let sent = 0
  const step = () => {
    if (!writing.isMidway) sent = 0
    for (;;) {
      if (sizeOf(datagrams) !== total) return writing.refuse(Reason.resized)
      const result = port.sendmmsg?.(datagrams, sent, address) ?? notSupported
      if (typeof result !== "number") {
        writing.release()
        return result
      }
      if (result < 0) return writing.refuse(result)
      sent += result
      state.pace.count(result - 1)
      if (sent === count) return done(state, count)
      writing.isMidway = true
      if (state.pace.isSpent()) return writing.refuse(Reason.breathe)
    }
  }
  const tell = (name: string, reason: number) =>
    reason === Reason.resized
      ? resized(name)
      : state.error(name, reason, address === undefined ? undefined : format(address), sent)
  return writing.run<number, AddressError>(operation, step, tell)
}

// Where whether a datagram went is known only later, one after the other.
const sendEach = (
  state: SockState,
  operation: string,
  datagrams: ReadonlyArray<Uint8Array>,
  address: SocketAddress | undefined
): Effect.Effect<number, AddressError> => {
  const count = datagrams.length
  const total = sizeOf(datagrams)
  return Effect.suspend(() => {
    let sent = 0
    const next = Effect.suspend((): Effect.Effect<number, AddressError> => {
      const datagram = datagrams[sent]
      if (datagram === undefined || sizeOf(datagrams) !== total) return resized(operation)
      return sendOne(state, operation, 0, datagram, address, () => state.port.sendto(datagram, 0, address))
    })
    const all = Effect.whileLoop({ while: () => sent < count, body: () => next, step: () => sent++ })
    return Effect.as(
      Effect.mapError(all, (error) => retold(operation, error, sent)),
      count
    )
  })
}

const retold = (operation: string, error: AddressError, sent: number): AddressError => {
  if (error._tag === "SocketClosed") return new SocketClosed({ operation })
  return error._tag === "SocketFault" ? fault(operation, -error.errno, error.address, sent) : error
}

export const recvmmsg = (
  state: SockState,
  buffers: ReadonlyArray<Uint8Array>
): Effect.Effect<ReadonlyArray<Origin>, ArgumentError> => {
  const operation = "recvmmsg"
  const [first] = buffers
  if (first === undefined) return new InvalidArgument({ operation, problem: "there is no buffer" })
  const noRoom = () => new InvalidArgument({ operation, problem: "a buffer has no room; was its memory transferred?" })
  const problem =
    checkKind(operation, state) ??
    firstOf(buffers, (buffer) => checkBytes(operation, buffer) ?? (buffer.length === 0 ? noRoom() : undefined))
  if (problem !== undefined) return problem
  const step = () => {
    if (buffers.some((buffer) => buffer.length === 0)) return state.reading.refuse(Reason.resized)
    if (state.carried > 0) return [[state.carry.moveTo(first, 0, first.length), state.port.sender()] as const]
    const received: Array<Origin> = []
    const result = state.port.recvmmsg?.(buffers, received) ?? notSupported
    if (received.length === 0) {
      return state.orEnd(result) < 0 ? state.reading.refuse(result) : [[0, state.port.sender()] as const]
    }
    if (result < 0 && !isBlocked(result)) state.reading.owed = result
    state.pace.count(received.length - 1)
    return received
  }
  return state.reading.take<ReadonlyArray<Origin>, ArgumentError>(operation, step, (name, reason) =>
    reason === Reason.resized ? noRoom() : state.error(name, reason)
  )
}

// Of a closed one there is nothing to say but that.
const checkKind = (operation: string, { isClosed, port }: SockState): Problem =>
  isClosed || port.type === SOCK.DGRAM || port.type === SOCK.SEQPACKET
    ? undefined
    : new InvalidArgument({ operation, problem: "the socket's type is neither SOCK_DGRAM nor SOCK_SEQPACKET" })

const firstOf = <A>(values: ReadonlyArray<A>, check: (value: A) => Problem): Problem => {
  for (const value of values) {
    const problem = check(value)
    if (problem !== undefined) return problem
  }
  return undefined
}

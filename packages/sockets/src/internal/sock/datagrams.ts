import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { type AddressInput, fromInput, InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { AF, SOCK } from "../../SocketConstants.js"
import type { AddressError, ArgumentError } from "../../SocketError.js"
import { unsupported } from "../unsupported.js"
import { checkAddress } from "./address.js"
import { checkBytes, checkNatural, type Problem } from "./arguments.js"
import { Reason, tellOf } from "./reason.js"
import { sendOne } from "./send.js"
import type { SockState } from "./state.js"

const noFds = new Int32Array(0)

/** A `uint16_t` of the kernel. */
const longestSegment = 65535

export const sendSegments = (
  state: SockState,
  data: Uint8Array,
  segment: number,
  input: AddressInput | undefined
): Effect.Effect<number, AddressError> => {
  const address = input === undefined ? undefined : fromInput(input)
  const problem =
    checkUdp(state) ??
    checkBytes("sendSegments", data) ??
    checkNatural("sendSegments", "segment", segment, longestSegment) ??
    (segment === 0
      ? new InvalidArgument({ operation: "sendSegments", problem: "a segment has at least 1 byte" })
      : undefined) ??
    (address === undefined ? undefined : checkAddress(state.port.domain, address, true))
  if (problem !== undefined) return problem
  const { native } = state.port
  if (native === undefined) return unsupported("sendSegments")
  return sendOne(state, "sendSegments", 0, data, address, () => native.sendmsg(data, 0, address, noFds, segment))
}

// Linux cuts nothing on other sockets, and does not say so. Of a closed one there is nothing to say but that.
const checkUdp = ({ isClosed, port }: SockState): Problem =>
  isClosed || (port.domain !== AF.UNIX && port.type === SOCK.DGRAM)
    ? undefined
    : new InvalidArgument({ operation: "sendSegments", problem: "only UDP sockets cut what they send" })

/** Datagrams of one size, joined. */
export interface Segments {
  readonly count: number
  readonly segment: number
  readonly from: SocketAddress
}

export const recvSegments = (state: SockState, buffer: Uint8Array): Effect.Effect<Segments, ArgumentError> => {
  const { native } = state.port
  if (native === undefined) return unsupported("recvSegments")
  if (buffer.length === 0) return new InvalidArgument({ operation: "recvSegments", problem: "the buffer has no room" })
  const { length } = buffer
  const step = () => {
    if (buffer.length !== length) return state.reading.refuse(Reason.resized)
    if (state.carried > 0) {
      const carried = state.carry.moveTo(buffer, 0, length)
      return { count: carried, segment: carried, from: state.port.sender() }
    }
    const count = state.orEnd(native.recvmsg(buffer, 0, noFds))
    if (count < 0) return state.reading.refuse(count)
    const { segment } = native.received()
    // A single datagram comes without a size.
    return { count, segment: segment === 0 ? count : segment, from: state.port.sender() }
  }
  return state.reading.take("recvSegments", step, tellOf(state.error))
}

/** Joins or leaves a multicast group. */
export const membership = (
  state: SockState,
  isJoin: boolean,
  group: string,
  interfaceName: string | undefined
): Effect.Effect<void, AddressError> => {
  const address = InetAddress(group, 0)
  return checkAddress(state.port.domain, address, false) ?? state.port.membership(isJoin, address, interfaceName)
}

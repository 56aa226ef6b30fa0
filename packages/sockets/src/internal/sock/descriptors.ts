import { InvalidArgument } from "@ductworks/core/DuctError"
import { copyOf } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { MSG } from "../../SocketConstants.js"
import type { ArgumentError } from "../../SocketError.js"
import type { Received } from "../../Sock.js"
import { receivedFds } from "../receivedFds.js"
import { unsupported } from "../unsupported.js"
import { checkBytes, checkCount, checkNatural, type Problem } from "./arguments.js"
import { waitForRead } from "./ready.js"
import { sendOne } from "./send.js"
import type { SockState } from "./state.js"

/** `SCM_MAX_FD` of Linux: the most descriptors of one message. */
const mostFds = 253

const usualFds = 16

/** Sends the data, and descriptors with its first byte. */
export const sendFds = (
  state: SockState,
  data: Uint8Array,
  fds: ReadonlyArray<number>
): Effect.Effect<number, ArgumentError> => {
  const problem = checkBytes("sendFds", data) ?? checkFds(data, fds)
  if (problem !== undefined) return problem
  const { native } = state.port
  if (native === undefined) return unsupported("sendFds")
  return Effect.catchTag(
    sendOne(state, "sendFds", 0, data, undefined, () => native.sendmsg(data, 0, undefined, Int32Array.from(fds), 0)),
    // Of no address, as there is none.
    "InvalidAddress",
    ({ message }) => new InvalidArgument({ operation: "sendFds", problem: message })
  )
}

const checkFds = (data: Uint8Array, fds: ReadonlyArray<number>): Problem => {
  if (data.length === 0) {
    return new InvalidArgument({ operation: "sendFds", problem: "descriptors travel with at least one byte of data" })
  }
  if (fds.length > mostFds) {
    return new InvalidArgument({ operation: "sendFds", problem: `at most ${mostFds} descriptors, not ${fds.length}` })
  }
  for (const fd of fds) {
    const problem = checkNatural("sendFds", "a descriptor", fd)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Receives data and the descriptors that came with it, which the caller's scope closes unless they were taken over. */
export const recvFds = (
  state: SockState,
  count: number,
  maxFds = usualFds
): Effect.Effect<Received, ArgumentError, Scope.Scope> => {
  const problem = checkCount("recvFds", count) ?? checkNatural("recvFds", "maxFds", maxFds, mostFds)
  if (problem !== undefined) return problem
  if (state.port.native === undefined) return unsupported("recvFds")
  // Not before there is something: every wait that ends otherwise would leave its place in the scope.
  return Effect.flatMap(waitForRead(state, "recvFds"), () =>
    Effect.flatMap(place(state), (fds) =>
      state.reading.take("recvFds", () => receive(state, count, maxFds, fds), state.error)
    )
  )
}

const place = ({ system }: SockState): Effect.Effect<Array<number>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync((): Array<number> => []),
    (fds) =>
      Effect.sync(() => {
        for (const fd of fds) {
          if (receivedFds.get(fd) !== fds) continue
          receivedFds.delete(fd)
          system.ports.closeFd(fd)
        }
      })
  )

// Bytes that came before go first, without the descriptors of others.
const receive = (state: SockState, count: number, maxFds: number, fds: Array<number>): Received | undefined => {
  const { native } = state.port
  if (native === undefined) return undefined
  if (state.carried > 0) return { data: state.carry.take(count), fds, truncated: false }
  const room = new Int32Array(maxFds)
  const data = new Uint8Array(count)
  const length = native.recvmsg(data, 0, room)
  if (length < 0) return state.reading.refuse(length)
  const { descriptors, flags } = native.received()
  for (const fd of room.subarray(0, descriptors)) {
    fds.push(fd)
    receivedFds.set(fd, fds)
  }
  return { data: copyOf(data, length), fds, truncated: (flags & MSG.CTRUNC) !== 0 }
}

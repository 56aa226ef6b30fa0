/**
 * From the numbers of the system to errors: the one place that does. Numbers are negative, as the addon gives them.
 */
import * as os from "node:os"
import { getSystemErrorMap } from "node:util"
import { SocketFault } from "../SocketError.js"

const { errno } = os.constants

/** What the system says where an operation would have to wait. */
export const wouldBlock = -errno.EAGAIN

/** What it says about a descriptor that is none, which is what a closed socket's is. */
export const badDescriptor = -errno.EBADF

/** What a portable port says about what Node cannot do. */
export const notSupported = -errno.EOPNOTSUPP

/** What connect says that goes on without its caller, also after a signal (connect(2)), or that went on already. */
export const isInProgress = (result: number): boolean =>
  result === -errno.EINPROGRESS || result === -errno.EINTR || result === -errno.EALREADY

/** Whether connect says that the connection stands; asked again (`isBegun`), it may say so by an error. */
export const isConnected = (result: number, isBegun: boolean): boolean =>
  result === 0 || (isBegun && result === -errno.EISCONN)

/** Whether the operation is to be tried again once the socket is ready: the same on Linux, two on some systems. */
export const isBlocked = (result: number): boolean => result === wouldBlock || result === -errno.EWOULDBLOCK

/**
 * What accept(2) tells of a connection that was lost before it was accepted, or of a network that it came over: "should be
 * treated like EAGAIN by retrying".
 */
export const isLostConnection = (result: number): boolean => lost.has(result)

const lost: ReadonlySet<number> = new Set(
  [errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.ENOPROTOOPT, errno.EHOSTUNREACH, errno.ENETUNREACH].map(
    (number) => -number
  )
)

/** What accept(2) tells when the process or the system has no room for another connection. */
export const isOutOfRoom = (result: number): boolean => full.has(result)

const full: ReadonlySet<number> = new Set(
  [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM].map((number) => -number)
)

/** What a call says whose argument, or whose kind of descriptor, it cannot work with. */
export const invalid = -errno.EINVAL

/** What there is to say about an interface that does not exist. */
export const noDevice = -errno.ENODEV

/** What a socket that connected to itself is told as. */
export const refused = -errno.ECONNREFUSED

/** What a socket says that has no other end any more: there is nothing left to shut down. */
export const notConnected = -errno.ENOTCONN

// libuv's names and words; it lacks some numbers that the system has, for which the bare name has to do.
const known = getSystemErrorMap()

const names = new Map(Object.entries(errno).map(([name, number]) => [number, name]))

/** The error of a negative errno; `sent` datagrams had left before. */
export const fault = (operation: string, result: number, address?: string, sent?: number): SocketFault => {
  const [name, words] = known.get(result) ?? []
  const code = name ?? names.get(-result) ?? `E${-result}`
  const about = { ...(address === undefined ? {} : { address }), ...(sent === undefined ? {} : { sent }) }
  return new SocketFault({ operation, code, errno: -result, problem: words ?? "the system refused it", ...about })
}

/** The fault of an operation that would have to wait; made once, since who polls meets it all the time. */
export const wouldWait = (operation: string): SocketFault => {
  const made = waits.get(operation) ?? fault(operation, wouldBlock)
  waits.set(operation, made)
  return made
}

const waits = new Map<string, SocketFault>()

import type { SocketError } from "../../SocketError.js"

// Asynchronous event-driven I/O has always taken these four for "not now": no buffer space and a signal pass, too. On
// every system of Node's EWOULDBLOCK is EAGAIN by number; a code in text can be either.
const passing: ReadonlySet<string> = new Set(["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "EINTR"])

// What accept(2) says of a process or a system that has run out of something, which passes but not at once.
const exhausted: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])

interface Failure {
  readonly _tag: string
}

const hasCode = (codes: ReadonlySet<string>, error: Failure | SocketError): boolean =>
  error._tag === "SocketFault" && "code" in error && codes.has(error.code)

/** The socket is fine, and there was nothing to do. */
export const wouldBlock = (error: Failure | SocketError): boolean => hasCode(passing, error)

/** The listener is fine, but nobody can be accepted for a while. */
export const isExhausted = (error: Failure | SocketError): boolean => hasCode(exhausted, error)

/** The descriptor is a socket that was never connected, so there is no end of a stream to look for. */
export const isNotConnected = (error: Failure | SocketError): boolean =>
  error._tag === "SocketFault" && "code" in error && error.code === "ENOTCONN"

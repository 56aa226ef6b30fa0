import type { Reason } from "@ductworks/core/DuctError"
import { LocalSocketFault, RemoteDuctClosed, RemoteDuctReset } from "@ductworks/core/DuctError"
import * as Predicate from "effect/Predicate"

/** The system's name of the error (`"EPIPE"`), or Node's (`"ERR_SOCKET_CLOSED"`). */
export const codeOf = (cause: unknown): string | undefined =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined

/** An error of our own that says what the system would. */
export const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })

/** `code` and `cause` as the fields of an error. */
export const details = (cause: unknown): { readonly code?: string; readonly cause: unknown } => {
  const code = codeOf(cause)
  return code === undefined ? { cause } : { code, cause }
}

/** Why a bind or a connect failed. */
export const reasonOf = (cause: unknown): Reason => {
  switch (codeOf(cause)) {
    // EBUSY: a descriptor that has an owner in this process.
    case "EADDRINUSE":
    case "EEXIST":
    case "EBUSY":
      return "AddressInUse"
    case "EADDRNOTAVAIL":
      return "AddressNotAvailable"
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "PermissionDenied"
    case "ENOENT":
    case "ENOTDIR":
    case "EBADF":
      return "NotFound"
    case "ENOTSOCK":
    case "EPROTOTYPE":
    case "ERR_INVALID_FD_TYPE":
      return "NotASocket"
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "Refused"
    // A Unix listener's full queue: connect(2), "nonblocking socket, and the connection cannot be completed immediately".
    case "EAGAIN":
      return "BacklogFull"
    case "ETIMEDOUT":
    case "ERR_SOCKET_CONNECTION_TIMEOUT":
      return "TimedOut"
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return "Unreachable"
    // getaddrinfo's names, as libuv and Node spell them.
    case "ENOTFOUND":
    case "ENODATA":
    case "EAI_ADDRFAMILY":
    case "EAI_AGAIN":
    case "EAI_FAIL":
    case "EAI_MEMORY":
    case "EAI_NODATA":
    case "EAI_NONAME":
    case "ERR_INVALID_IP_ADDRESS":
    case "ERR_INVALID_ADDRESS_FAMILY":
      return "NameNotResolved"
    case "EMFILE":
    case "ENFILE":
      return "TooManyOpenFiles"
    default:
      return "Other"
  }
}

// The other host is gone: what keep-alive and TCP's own retransmission report. Whatever it sent last may be missing.
const lost: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"])

/** What broke the reading side off. */
export const readError = (cause: unknown): RemoteDuctReset | LocalSocketFault =>
  lost.has(codeOf(cause))
    ? new RemoteDuctReset(details(cause))
    : new LocalSocketFault({ operation: "recv", ...details(cause) })

/** What broke the writing side off. */
export const writeError = (cause: unknown): RemoteDuctClosed | RemoteDuctReset | LocalSocketFault => {
  const code = codeOf(cause)
  if (code === "EPIPE" || code === "ECONNRESET") return new RemoteDuctClosed(details(cause))
  return lost.has(code)
    ? new RemoteDuctReset(details(cause))
    : new LocalSocketFault({ operation: "send", ...details(cause) })
}

/**
 * What accept(2) may report without the listener being broken: a connection that was given up while it waited, and
 * resources that others will free again. libuv then accepts and closes what it cannot hold.
 */
export const isTransientAcceptError = (cause: unknown): boolean => {
  switch (codeOf(cause)) {
    case "ECONNABORTED":
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EPROTO":
    case "EPERM":
    case "EAGAIN":
    case "EINTR":
      return true
    default:
      return false
  }
}

/**
 * What `node:net` and `node:dgram` report, as the errno that the system call would have given: they name errors by
 * `code`, ours and theirs alike.
 */
import * as Predicate from "effect/Predicate"
import { constants } from "node:os"
import type { SocketFault } from "../../SocketError.js"
import { fault } from "../errno.js"

const numbers = new Map<string, number>(Object.entries(constants.errno))

/** `-errno`, for the functions of a port. */
export const failed = (code: keyof typeof constants.errno): number => -constants.errno[code]

/** `-errno` of an error; `-EIO` for one that has no name of the system. */
export const failureOf = (cause: unknown): number => {
  const code = Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : "EIO"
  return -(numbers.get(codes[code] ?? code) ?? constants.errno.EIO)
}

/** The fault of an error. */
export const faultOf = (operation: string, cause: unknown, address?: string): SocketFault =>
  fault(operation, failureOf(cause), address)

// Names that are not the system's: of Node's own checks, and of link(2), with which a socket file gets its name.
const codes: Readonly<Record<string, string>> = {
  EEXIST: "EADDRINUSE",
  ERR_MISSING_ARGS: "EINVAL",
  ERR_SOCKET_BAD_PORT: "EINVAL",
  ERR_SOCKET_CLOSED: "EBADF",
  ERR_SOCKET_DGRAM_NOT_RUNNING: "EBADF",
  ERR_SOCKET_DGRAM_IS_CONNECTED: "EISCONN",
  ERR_SOCKET_DGRAM_NOT_CONNECTED: "ENOTCONN",
  ERR_SOCKET_BUFFER_SIZE: "EINVAL",
  ERR_INVALID_ARG_VALUE: "EINVAL",
  ERR_INVALID_IP_ADDRESS: "EINVAL"
}

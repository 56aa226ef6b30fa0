import type { InvalidArgument } from "@ductworks/core/DuctError"
import type { SocketError } from "../../SocketError.js"
import { resized } from "./arguments.js"

/** Why a step of a socket's gives nothing, besides the system's negative reasons. */
export const Reason = {
  /** Others first: this socket has done enough for now. */
  breathe: 1,
  /** The system has no room: again in a while. */
  pause: 2,
  endOfStream: 3,
  /** The caller's buffer is not what it was. */
  resized: 4,
  /** A Unix listener's queue: connect says that it would have to wait, but nobody would tell when. */
  backlogFull: 5
} as const

/** As `error`, and of memory that was lent. */
export const tellOf =
  (error: (operation: string, reason: number) => SocketError) =>
  (operation: string, reason: number): SocketError | InvalidArgument =>
    reason === Reason.resized ? resized(operation) : error(operation, reason)

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

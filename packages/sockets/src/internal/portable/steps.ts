import * as Effect from "effect/Effect"
import { SHUT } from "../../SocketConstants.js"
import { SocketClosed } from "../../SocketError.js"

export const closed = (operation: string): Effect.Effect<never, SocketClosed> =>
  Effect.fail(new SocketClosed({ operation }))

/** The step, if the socket is open when it begins. */
export const unlessClosed = <A, E>(
  operation: string,
  isClosed: () => boolean,
  step: () => Effect.Effect<A, E>
): Effect.Effect<A, E | SocketClosed> =>
  Effect.suspend((): Effect.Effect<A, E | SocketClosed> => (isClosed() ? closed(operation) : step()))

/** Whether shutdown(2) knows it. */
export const isHow = (how: number): boolean => how === SHUT.RD || how === SHUT.WR || how === SHUT.RDWR

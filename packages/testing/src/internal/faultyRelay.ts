import type { Connection } from "@ductworks/core"
import {
  type ReadError,
  RemoteDuctClosed,
  RemoteDuctReset,
  type Unsupported,
  type WriteError
} from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type { Faults, Valve } from "../FaultyTransport.js"
import type { MemoryEnd } from "./memoryEnd.js"
import { Slicer } from "./slicer.js"

export interface Line {
  /** The wrapped connection. */
  readonly connection: Connection.Connection
  /** The other end of the pair whose near end the caller has. */
  readonly far: Connection.Connection
  readonly farEnd: MemoryEnd
  readonly valve: Valve | undefined
}

const brokenPipe = new RemoteDuctClosed({ code: "EPIPE" })
const resetByPeer = new RemoteDuctReset({ code: "ECONNRESET" })

/** One direction: where bytes come from and go to, and what to do when something else than bytes comes. */
interface Direction<E> {
  readonly from: Connection.Connection
  readonly send: (slice: Uint8Array) => Effect.Effect<void, WriteError>
  readonly onEnd: (reason: ReadError) => Effect.Effect<void, E>
  readonly onSendFailed: (error: WriteError) => Effect.Effect<void, E>
  readonly cut: Effect.Effect<void, E>
  readonly reset: Effect.Effect<void, E>
}

const relay = <E>(direction: Direction<E>, slicer: Slicer): Effect.Effect<void, E> => {
  const step: Effect.Effect<void, E> = Effect.suspend(() => {
    const fate = slicer.fate()
    if (fate === "cut") return direction.cut
    if (fate === "reset") return direction.reset
    if (fate === "frozen") return Effect.zipRight(slicer.thawed, step)
    if (!slicer.isEmpty) {
      return Effect.matchEffect(
        Effect.flatMap(slicer.passage, () => direction.send(slicer.next())),
        { onFailure: direction.onSendFailed, onSuccess: () => step }
      )
    }
    return Effect.matchEffect(direction.from.pull, {
      onFailure: direction.onEnd,
      onSuccess: (chunks) => {
        slicer.push(chunks)
        return step
      }
    })
  })
  return step
}

/**
 * Carries what the caller writes; `left` is told of bytes that were flushed. Ends as the wrapped connection's half-close
 * does.
 */
export const outgoingRelay = (
  { connection, far, farEnd, valve }: Line,
  faults: Faults,
  left: (bytes: number) => void
): Effect.Effect<void, WriteError | Unsupported> => {
  const finish = Effect.zipRight(connection.flush, connection.endWrite)
  return relay<WriteError | Unsupported>(
    {
      from: far,
      send: (slice) =>
        Effect.zipRight(
          connection.write([slice]),
          Effect.map(connection.flush, () => left(slice.length))
        ),
      onEnd: (reason) =>
        reason._tag === "RemoteDuctClosed"
          ? finish
          : reason._tag === "RemoteDuctReset"
            ? connection.abort
            : Effect.void,
      onSendFailed: (error) =>
        Effect.sync(() => {
          if (error._tag === "RemoteDuctClosed" || error._tag === "RemoteDuctReset") farEnd.refuse(error)
        }),
      cut: Effect.suspend(() => {
        farEnd.refuse(brokenPipe)
        return Effect.catchTag(finish, "Unsupported", () => connection.close)
      }),
      reset: Effect.zipRight(Effect.ignore(connection.flush), Effect.zipRight(connection.abort, far.abort))
    },
    new Slicer(faults, valve)
  )
}

/** Carries what arrives for the caller. */
export const incomingRelay = ({ connection, far, farEnd, valve }: Line, faults: Faults): Effect.Effect<void> => {
  // What arrived before a reset is read before it.
  const resetNear = Effect.suspend(() => {
    farEnd.refuse(resetByPeer)
    return Effect.zipRight(Effect.ignore(far.flush), far.abort)
  })
  const endNear = Effect.ignore(far.endWrite)
  return relay<never>(
    {
      from: connection,
      send: (slice) => Effect.zipRight(far.write([slice]), far.flush),
      onEnd: (reason) => (reason._tag === "RemoteDuctClosed" ? endNear : resetNear),
      // The caller has closed, and sees to the wrapped connection.
      onSendFailed: () => Effect.void,
      cut: Effect.zipRight(endNear, Effect.ignore(Effect.forever(connection.pull))),
      reset: Effect.zipRight(resetNear, connection.abort)
    },
    new Slicer(faults, valve)
  )
}

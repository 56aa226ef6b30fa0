import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Connection } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import { defaultLinger } from "./constants.js"

/** Something that was acquired, and can be released on its own. */
export interface Held<A> {
  readonly value: A
  readonly scope: Scope.CloseableScope
}

/**
 * Acquires into a scope of its own, so that it can be released on its own, and hands it over. Interrupted before that,
 * nothing stays; there is no point in between at which what was acquired could be lost.
 */
export const hold = <A, E, B, E2>(
  acquire: Effect.Effect<A, E, Scope.Scope>,
  then: (held: Held<A>) => Effect.Effect<B, E2>
): Effect.Effect<B, E | E2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.make(), (scope) =>
      restore(Scope.extend(acquire, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        Effect.flatMap((value) => then({ value, scope }))
      )
    )
  )

export const release = <A>(held: Held<A> | undefined, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  held === undefined ? Effect.void : Scope.close(held.scope, exit)

/** Half-closes, in at most `linger`, or as long as a close may take. Whether it came to that. */
export const shutDown = (
  connection: Connection,
  linger: Duration.DurationInput = defaultLinger(connection.localAddress._tag === "TcpAddress")
): Effect.Effect<boolean> => Effect.map(Deadline.withinLive(Effect.ignore(connection.endWrite), linger), Option.isSome)

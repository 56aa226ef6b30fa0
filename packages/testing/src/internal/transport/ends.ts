import type { Address, Connection } from "@ductworks/core"
import { Transport, type Listener, type SocketOptions } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Limitation } from "../../checkTransport.js"
import { expect, type Problem, problem } from "../check.js"
import { Pattern, Random } from "../pattern.js"

/** Two connected ends, each with a scope of its own. */
export interface Ends {
  readonly left: Connection.Connection
  readonly right: Connection.Connection
  readonly closeLeft: (exit?: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
  readonly closeRight: (exit?: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** What the checks of a transport are told. */
export interface Setting {
  readonly address: Effect.Effect<Option.Option<Address.Address>, unknown, Transport | Scope.Scope>
  readonly connected: (
    left: Scope.Scope,
    right: Scope.Scope,
    options: SocketOptions
  ) => Effect.Effect<readonly [Connection.Connection, Connection.Connection], unknown, Transport>
  readonly cannot: (limitation: Limitation) => boolean
  readonly bytes: number
  readonly maxAcceptedBytes: number
  readonly seed: number
}

/** How a scope is left when what happens to its connections does not matter: without a linger. */
export const dropped = Exit.fail("the check is over")

/** A scope of its own, closed without a linger at the latest when the check ends. */
export const childScope: Effect.Effect<Scope.CloseableScope, never, Scope.Scope> = Effect.acquireRelease(
  Scope.make(),
  (scope) => Scope.close(scope, dropped)
)

export const open = (
  setting: Setting,
  options: SocketOptions = {}
): Effect.Effect<Ends, unknown, Transport | Scope.Scope> =>
  Effect.gen(function* () {
    const leftScope = yield* childScope
    const rightScope = yield* childScope
    const [left, right] = yield* setting.connected(leftScope, rightScope, options)
    return {
      left,
      right,
      closeLeft: (exit = Exit.void) => Scope.close(leftScope, exit),
      closeRight: (exit = Exit.void) => Scope.close(rightScope, exit)
    }
  })

export const listen = (setting: Setting): Effect.Effect<Listener, unknown, Transport | Scope.Scope> =>
  Effect.gen(function* () {
    const transport = yield* Transport
    return yield* transport.listen(yield* setting.address)
  })

/** Reads until the pattern has got as far as `until` bytes, and gives the chunks back to nobody: they are overwritten. */
export const receive = (
  connection: Connection.Connection,
  pattern: Pattern,
  until: number
): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    while (pattern.offset < until) yield* compare(pattern, yield* connection.pull)
    yield* expect(pattern.offset === until, () => `${pattern.offset} bytes arrived, ${until} were sent`)
  })

export const compare = (pattern: Pattern, chunks: ReadonlyArray<Uint8Array>): Effect.Effect<void, Problem> =>
  Effect.suspend(() => {
    for (const chunk of chunks) {
      if (chunk.length === 0) return problem("pull gave an empty chunk")
      const difference = pattern.compare(chunk)
      if (difference !== undefined) return problem(difference)
      // The chunks are the caller's: what is done to them must not reach what comes next.
      chunk.fill(0xee)
    }
    return Effect.void
  })

/** Writes the pattern in random pieces until it has got as far as `until` bytes. */
export const transmit = (
  connection: Connection.Connection,
  pattern: Pattern,
  until: number,
  random: Random,
  largest = 128 * 1024
): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    const piece = () => pattern.next(Math.min(random.size(largest), until - pattern.offset))
    while (pattern.offset < until) {
      const first = piece()
      const more: Array<Uint8Array> = []
      for (let i = random.below(4); i > 0 && pattern.offset < until; i--) more.push(piece())
      yield* connection.write([first, ...more])
    }
  })

/** Waits for the end of the stream, which must be a clean one with nothing before it. */
export const expectEnd = (connection: Connection.Connection): Effect.Effect<void, unknown> =>
  Effect.matchEffect(connection.pull, {
    onFailure: (error) =>
      expect(error._tag === "RemoteDuctClosed", `expected the end of the stream, but pull failed with ${error._tag}`),
    onSuccess: (chunks) => problem(`expected the end of the stream, but ${size(chunks)} more bytes arrived`)
  })

export const size = (chunks: ReadonlyArray<Uint8Array>): number =>
  chunks.reduce((total, chunk) => total + chunk.length, 0)

/** A long linger, to see that something does not wait for it. */
export const endless = Duration.minutes(10)

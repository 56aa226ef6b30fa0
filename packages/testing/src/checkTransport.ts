/**
 * The conformance suite of transports: the nine laws of every connection, as checks that need no test runner.
 *
 * @since 0.1.0
 */
import type { Address, Connection } from "@ductworks/core"
import { type SocketOptions, Transport } from "@ductworks/core/Transport"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Check } from "./Conformance.js"
import { makeCheck } from "./internal/check.js"
import { bytes } from "./internal/transport/bytes.js"
import { closing } from "./internal/transport/closing.js"
import { deferred } from "./internal/transport/deferred.js"
import { direct } from "./internal/transport/direct.js"
import type { Setting } from "./internal/transport/ends.js"
import { interruption } from "./internal/transport/interruption.js"
import { listening } from "./internal/transport/listening.js"
import { pressure } from "./internal/transport/pressure.js"
import { leftovers, turns } from "./internal/transport/turns.js"

/**
 * What a transport, or its platform, cannot do:
 *
 * - `"reset"`: a reset is reported as the end of the stream;
 * - `"halfClose"`: `endWrite` fails with `Unsupported`;
 * - `"fileno"`: connections have no descriptor;
 * - `"listen"`: there is nothing to listen at; `connected` must be given.
 *
 * @since 0.1.0
 * @category models
 */
export type Limitation = "reset" | "halfClose" | "fileno" | "listen"

/**
 * What is expected of the transport, and how much is sent to see it. Without any option: all laws but the ninth, which
 * needs a `probe`.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckTransportOptions {
  /** A fresh address to listen at, for each check. Default: the transport's own choice. */
  readonly address?: Effect.Effect<Address.Address, unknown, Transport | Scope.Scope>
  /**
   * Two ends of a new connection, the first owned by the scope `left` and the second by `right`; both have the socket
   * options. Default: listen at `address`, connect and accept.
   */
  readonly connected?: (
    left: Scope.Scope,
    right: Scope.Scope,
    options: SocketOptions
  ) => Effect.Effect<readonly [Connection.Connection, Connection.Connection], unknown, Transport>
  /** What is not expected of the transport. Default: nothing. */
  readonly cannot?: ReadonlyArray<Limitation>
  /** Counts what must not stay, such as open descriptors. Without it law 9 is not checked. */
  readonly probe?: Effect.Effect<number>
  /** Bytes sent in each direction by the largest check. Default 16 MiB. */
  readonly bytes?: number
  /**
   * Bytes that a writer may hand over while the other end does not read, the system's buffers included. Default 1 MiB;
   * more where the system itself holds more, as TCP with automatic buffers does.
   */
  readonly maxAcceptedBytes?: number
  /** Decides all sizes and moments that are random. Default 1. */
  readonly seed?: number
  /** Time for each check, on the wall clock. Default 15 seconds. */
  readonly deadline?: Duration.DurationInput
}

/**
 * The checks of a transport. They share nothing, and each may be run alone, repeatedly, and under a `TestClock`.
 *
 * @example
 * import { checkTransport, Conformance, MemoryTransport } from "@ductworks/testing"
 * import { Effect } from "effect"
 *
 * const checks = checkTransport({ cannot: ["fileno"], bytes: 1024 * 1024 })
 * const report = await Conformance.report(checks).pipe(Effect.provide(MemoryTransport.layer), Effect.runPromise)
 * for (const violation of report.violations) console.error(violation.message)
 * console.assert(report.violations.length === 0)
 *
 * @since 0.1.0
 * @category checks
 */
export const checkTransport = (options: CheckTransportOptions = {}): ReadonlyArray<Check<Transport>> => {
  const { address, deadline = "15 seconds", probe } = options
  const listenAt: Setting["address"] =
    address === undefined ? Effect.succeed(Option.none()) : Effect.map(address, Option.some)
  const setting: Setting = {
    address: listenAt,
    connected: options.connected ?? connectedThrough(listenAt),
    cannot: (limitation) => options.cannot?.includes(limitation) ?? false,
    bytes: options.bytes ?? 16 * 1024 * 1024,
    maxAcceptedBytes: options.maxAcceptedBytes ?? 1024 * 1024,
    seed: options.seed ?? 1
  }
  return [
    ...bytes(setting),
    ...deferred(setting),
    ...direct(setting),
    ...pressure(setting),
    ...interruption(setting),
    ...closing(setting),
    ...listening(setting),
    ...turns(setting),
    ...(probe === undefined ? [] : [leftovers(setting, probe)])
  ]
    .sort(([one], [other]) => one - other)
    .map(([law, name, body]) => makeCheck(law, name, deadline, body))
}

const connectedThrough =
  (address: Setting["address"]): Setting["connected"] =>
  (left, right, options) =>
    Effect.scoped(
      Effect.gen(function* () {
        const transport = yield* Transport
        const listener = yield* transport.listen(yield* address, options)
        const connecting = transport.connect(listener.address, options).pipe(Scope.extend(left))
        const accepting = listener.accept.pipe(Scope.extend(right))
        return yield* Effect.all([connecting, accepting], { concurrency: "unbounded" })
      })
    )

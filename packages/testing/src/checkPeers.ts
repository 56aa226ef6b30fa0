/**
 * The conformance suite of transports of peers, as checks that need no test runner.
 *
 * @since 0.1.0
 */
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Check } from "./Conformance.js"
import { makeCheck } from "./internal/check.js"
import { ending, endingStreams, leftovers } from "./internal/peers/ending.js"
import { datagrams, streams } from "./internal/peers/packets.js"
import { flood, pressure } from "./internal/peers/pressure.js"
import type { Setting } from "./internal/peers/setting.js"

/**
 * What a transport, or its wire, cannot do:
 *
 * - `"empty"`: there are no empty packets;
 * - `"bytes"`: packets are text without newlines, as lines are.
 *
 * @since 0.1.0
 * @category models
 */
export type PeersLimitation = "empty" | "bytes"

/**
 * Which transports are checked, and what is expected of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckPeersOptions {
  /** A new transport that others can reach at its first endpoint; the scope closes it. */
  readonly server: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  /** A new transport that can connect to it. Default: as the server. */
  readonly client?: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  readonly kind: "stream" | "datagram"
  /** An endpoint where nobody listens. Without it that is not checked. */
  readonly nobody?: string
  /** What is not expected of the transport. Default: nothing. */
  readonly cannot?: ReadonlyArray<PeersLimitation>
  /** Counts what must not stay, such as open descriptors. Without it law 7 is not checked. */
  readonly probe?: Effect.Effect<number>
  /** Bytes that may be handed over for a peer that does not receive, the system's buffers included. Default 16 MiB. */
  readonly maxAcceptedBytes?: number
  /** Decides all sizes and moments that are random. Default 1. */
  readonly seed?: number
  /** Time for each check, on the wall clock. Default 15 seconds. */
  readonly deadline?: Duration.DurationInput
}

/**
 * The checks of a transport of peers. They share nothing, and each may be run alone. Their laws (those of datagrams are
 * weaker where packets may be lost):
 *
 * 1. Packets arrive whole, in order, with their sender.
 * 2. A peer joins, sends, and leaves after all that it sent; one that comes back is another. Sources of datagrams do neither.
 * 3. Who does not receive holds up its senders, with bounded memory, and nobody else; of datagrams: nobody, they are dropped.
 * 4. One receives at a time (`DuctBusy`), and interruption loses no event.
 * 5. Errors are typed, and leave the peer as it was.
 * 6. Closing and leaving the scope are seen by both sides, and wake whoever waits.
 * 7. Nothing stays.
 *
 * @example
 * import { Conformance } from "@ductworks/testing"
 * import { checkPeers } from "@ductworks/testing/checkPeers"
 * import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
 * import { Effect } from "effect"
 *
 * const network = MemoryPeers.network()
 * const checks = checkPeers({ kind: "stream", server: MemoryPeers.make(network), nobody: "memory:nobody" })
 * const report = await Effect.runPromise(Conformance.report(checks))
 * for (const violation of report.violations) console.error(violation.message)
 * console.assert(report.violations.length === 0)
 *
 * @since 0.1.0
 * @category checks
 */
export const checkPeers = (options: CheckPeersOptions): ReadonlyArray<Check<never>> => {
  const { client = options.server, deadline = "15 seconds", kind, nobody, probe, server } = options
  const setting: Setting = {
    server,
    client,
    nobody,
    cannot: (limitation) => options.cannot?.includes(limitation) ?? false,
    maxAcceptedBytes: options.maxAcceptedBytes ?? 16 * 1024 * 1024,
    seed: options.seed ?? 1
  }
  const own =
    kind === "stream"
      ? [...streams(setting), ...pressure(setting), ...endingStreams(setting)]
      : [...datagrams(setting), ...flood(setting)]
  return [...own, ...ending(setting), ...(probe === undefined ? [] : [leftovers(setting, probe)])]
    .sort(([one], [other]) => one - other)
    .map(([law, name, body]) => makeCheck(law, name, deadline, body))
}

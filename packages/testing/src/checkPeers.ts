/**
 * The conformance suite of transports of peers, as checks that need no test runner.
 *
 * @since 0.1.0
 */
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { Check } from "./Conformance.js"
import { makeCheck } from "./internal/check.js"
import { ending, endingStreams, leftovers, oneConnection } from "./internal/peers/ending.js"
import { endingExchanges, type Exchange, exchanges, oneExchange } from "./internal/peers/exchanges.js"
import { datagrams, streams } from "./internal/peers/packets.js"
import { flood, pressure } from "./internal/peers/pressure.js"
import type { Entry, Setting } from "./internal/peers/setting.js"

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
export type CheckPeersOptions = CheckTransportsOptions | CheckExchangesOptions

/**
 * What all checks take.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckPeersSettings {
  /** A new transport that others can reach at its first endpoint; the scope closes it. */
  readonly server: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  /** Counts what must not stay, such as open descriptors. Without it law 7 is not checked. */
  readonly probe?: Effect.Effect<number>
  /** What is not expected of the transport. Default: nothing. */
  readonly cannot?: ReadonlyArray<PeersLimitation>
  /** Decides all sizes and moments that are random. Default 1. */
  readonly seed?: number
  /** Time for each check, on the wall clock. Default 15 seconds. */
  readonly deadline?: Duration.DurationInput
}

/**
 * Connections or datagrams: a transport of the same kind is the other end.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckTransportsOptions extends CheckPeersSettings {
  readonly kind: "stream" | "datagram"
  /** A new transport that can connect to the server. Default: as the server. */
  readonly client?: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  /** An endpoint where nobody listens. Without it that is not checked. */
  readonly nobody?: string
  /** Bytes that may be handed over for a peer that does not receive, the system's buffers included. Default 16 MiB. */
  readonly maxAcceptedBytes?: number
}

/**
 * Exchanges, such as those of HTTP: whoever comes sends one packet, is sent one, and leaves. The laws then are about one
 * packet each way, since order and pausing within a peer have no meaning; who is not received may be refused instead of
 * held up. The transport connects to nobody, so that the suite is told how to ask it.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckExchangesOptions extends CheckPeersSettings {
  readonly kind: "exchange"
  /** Sends the body as a new peer, and gives the answer's; fails where it is refused. Interruption gives up. */
  readonly ask: (endpoint: string, body: Uint8Array) => Effect.Effect<Uint8Array, unknown>
  /** The body in the packet that the server received. Default: the packet. */
  readonly asked?: (packet: Uint8Array) => Uint8Array
  /** The packet that answers with the body. Default: the body. */
  readonly answer?: (body: Uint8Array) => Uint8Array
}

/**
 * The checks of a transport of peers. They share nothing, and each may be run alone. Their laws (those of datagrams are
 * weaker where packets may be lost, those of exchanges are about one packet each way):
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
  const { deadline = "15 seconds" } = options
  return (options.kind === "exchange" ? ofExchanges(options) : ofTransports(options))
    .sort(([one], [other]) => one - other)
    .map(([law, name, body]) => makeCheck(law, name, deadline, body))
}

const settingOf = (options: CheckPeersSettings): Setting => ({
  server: options.server,
  client: options.server,
  nobody: undefined,
  cannot: (limitation) => options.cannot?.includes(limitation) ?? false,
  maxAcceptedBytes: 16 * 1024 * 1024,
  seed: options.seed ?? 1
})

const ofTransports = (options: CheckTransportsOptions): Array<Entry> => {
  const { kind, nobody, probe, server } = options
  const setting = settingOf(options)
  const { client = server, maxAcceptedBytes = setting.maxAcceptedBytes } = options
  const own: Setting = { ...setting, client, maxAcceptedBytes, nobody }
  return [
    ...(kind === "stream"
      ? [...streams(own), ...pressure(own), ...endingStreams(own)]
      : [...datagrams(own), ...flood(own)]),
    ...ending(own),
    ...(probe === undefined ? [] : [leftovers(oneConnection(own), probe)])
  ]
}

const ofExchanges = (options: CheckExchangesOptions): Array<Entry> => {
  const { answer = identity, ask, asked = identity, probe } = options
  const setting = settingOf(options)
  const exchange: Exchange = { ask, asked, answer }
  return [
    ...exchanges(setting, exchange),
    ...endingExchanges(setting, exchange),
    ...(probe === undefined ? [] : [leftovers(oneExchange(setting, exchange), probe)])
  ]
}

/**
 * The conformance suite of message ducts, as checks that need no test runner.
 *
 * @since 0.1.0
 */
import type { SocketOptions, Transport } from "@ductworks/core/Transport"
import type { MessageDuct } from "@ductworks/message"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Check } from "./Conformance.js"
import { makeCheck } from "./internal/check.js"
import { closing } from "./internal/message/closing.js"
import { interruption } from "./internal/message/interruption.js"
import { connectedDucts, type DuctSetting, undecodable } from "./internal/message/setting.js"
import { values } from "./internal/message/values.js"

/**
 * Which ducts are checked, and with what. Without any option: those over the context's Transport, with JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckMessageDuctOptions {
  /**
   * Two ends of a new duct, the first owned by the scope `left` and the second by `right`, that send and receive any JSON
   * value; both have the socket options. Default: a child and a parent over the Transport, with the JSON serializer.
   */
  readonly connected?: (
    left: Scope.Scope,
    right: Scope.Scope,
    options: SocketOptions
  ) => Effect.Effect<
    readonly [MessageDuct.MessageDuct<unknown, unknown>, MessageDuct.MessageDuct<unknown, unknown>],
    unknown,
    Transport
  >
  /**
   * A message that one end can send and the other cannot decode. There is one where `connected` is not given; else,
   * without it, that check is left out.
   */
  readonly undecodable?: unknown
  /** A message that cannot be serialized. Default: a bigint, which JSON does not know. */
  readonly unserializable?: unknown
  /** Bytes that a sender may hand over while the other end does not receive. Default 1 MiB; see `checkTransport`. */
  readonly maxAcceptedBytes?: number
  /** Decides all sizes and moments that are random. Default 1. */
  readonly seed?: number
  /** Time for each check, on the wall clock. Default 15 seconds. */
  readonly deadline?: Duration.DurationInput
}

/**
 * The checks of a message duct. Their laws:
 *
 * 1. Messages arrive whole, in order, as they were when they were sent; each way of receiving gives the same.
 * 2. Concurrent senders never interleave.
 * 3. `poll` says whether a receive would not wait, wherever the message is buffered, and consumes nothing.
 * 4. A receiver that stalls holds up the sender.
 * 5. Interruption loses no message and tears none.
 * 6. Closing wakes every waiter with `DuctClosed`.
 * 7. At the end everything sent is received first, then `RemoteDuctClosed`.
 * 8. A second concurrent receive fails with `DuctBusy`.
 * 9. A message that cannot be serialized, or decoded, is an error of its own and leaves the duct as it was.
 *
 * @example
 * import { checkMessageDuct, Conformance, MemoryTransport } from "@ductworks/testing"
 * import { Effect } from "effect"
 *
 * const report = await Conformance.report(checkMessageDuct()).pipe(
 *   Effect.provide(MemoryTransport.layer),
 *   Effect.runPromise
 * )
 * for (const violation of report.violations) console.error(violation.message)
 * console.assert(report.violations.length === 0)
 *
 * @since 0.1.0
 * @category checks
 */
export const checkMessageDuct = (options: CheckMessageDuctOptions = {}): ReadonlyArray<Check<Transport>> => {
  const { connected, deadline = "15 seconds" } = options
  const setting: DuctSetting = {
    connected: connected ?? connectedDucts,
    undecodable: options.undecodable ?? (connected === undefined ? undecodable : undefined),
    unserializable: options.unserializable ?? 1n,
    maxAcceptedBytes: options.maxAcceptedBytes ?? 1024 * 1024,
    seed: options.seed ?? 1
  }
  return [...values(setting), ...interruption(setting), ...closing(setting)]
    .sort(([one], [other]) => one - other)
    .map(([law, name, body]) => makeCheck(law, name, deadline, body))
}

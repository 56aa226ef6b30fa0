/**
 * Ducts inside one process, without descriptors, files or timers: the same laws as over sockets, with back-pressure,
 * half-close and resets, deterministic and usable under a `TestClock`.
 *
 * @since 0.1.0
 */
import { Connection, Transport } from "@ductworks/core"
import * as Layer from "effect/Layer"
import { makeNetwork } from "./internal/memoryNetwork.js"

/**
 * 64 KiB: bytes handed over to the other end that it has not read yet. More stays pending with the writer, up to its
 * high-water mark.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultCapacity = 64 * 1024

/**
 * How a memory transport differs from the default one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Bytes handed over and not read yet, at least 1; `Infinity` is no limit. Default {@link defaultCapacity}. */
  readonly capacity?: number | undefined
  /** Whether connections have `pullInto`, as native sockets do and `node:net` does not. Default false. */
  readonly direct?: boolean
}

/**
 * A memory transport of its own: names bound in one are unknown to every other.
 *
 * - Addresses are `memory:<name>`; `listen` without one binds a fresh name. Another family fails with `InvalidAddress`,
 *   a name in use with `BindFailed` (`AddressInUse`).
 * - `connect` never waits: an unbound name fails with `ConnectFailed` (`NotFound`), a full backlog with `BacklogFull`;
 *   the default backlog is 128.
 * - Bytes are copied when they are handed over, and wake the other end's waiters at once.
 * - Writing to an end that closed fails with `RemoteDuctClosed` (`EPIPE`), to one that was aborted with
 *   `RemoteDuctReset` (`ECONNRESET`). Connections that nobody accepted are reset when the listener closes.
 * - The default linger is 3 seconds; closing is the one thing that waits in real time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Transport.TransportService =>
  makeNetwork(Math.floor(Connection.sizeOr(options.capacity, defaultCapacity)), options.direct ?? false)

/**
 * A fresh memory transport ({@link make}) for the layer's users.
 *
 * @example
 * import { Transport } from "@ductworks/core"
 * import { MemoryTransport } from "@ductworks/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const transport = yield* Transport.Transport
 *   const [left, right] = yield* transport.pair()
 *   yield* left.write([new TextEncoder().encode("hello")])
 *   const [chunk] = yield* right.pull
 *   console.assert(new TextDecoder().decode(chunk) === "hello")
 * })
 *
 * await program.pipe(Effect.scoped, Effect.provide(MemoryTransport.layer), Effect.runPromise)
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Transport.Transport> = Layer.sync(Transport.Transport, () => make())

/**
 * {@link layer} with options.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<Transport.Transport> =>
  Layer.sync(Transport.Transport, () => make(options))

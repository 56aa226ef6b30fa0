/**
 * A transport with faults: slices, delays, frozen lines, streams that end or are reset at any byte, so also inside a
 * frame. It wraps any other transport.
 *
 * @since 0.1.0
 */
import { Transport } from "@ductworks/core"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { faulty } from "./internal/faulty.js"
import { makeValve } from "./internal/valve.js"

/**
 * What happens to the bytes of one direction. Numbers of bytes count from the connection's beginning.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** Bytes moved at a time: at most this many, or from 1 to `upTo` at random. Default: as they come. */
  readonly slice?: number | { readonly upTo: number; readonly seed: number }
  /** Time before each slice moves, on the clock of the fiber that made the connection. Default none. */
  readonly delay?: Duration.DurationInput
  /** After so many bytes nothing moves until the valve is opened again (without a valve, never). */
  readonly freezeAfter?: number
  /** After so many bytes the receiver sees the end of the stream; the sender's next writes fail or vanish. */
  readonly cutAfter?: number
  /** After so many bytes both ends see a reset, where the wrapped transport knows one. */
  readonly resetAfter?: number
}

/**
 * Stops and starts all connections of a faulty transport; both take effect before the next slice. Bytes wait in the
 * finite buffers on the way meanwhile, and writers once those are full.
 *
 * @since 0.1.0
 * @category models
 */
export interface Valve {
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Completes at once while the valve is open, else with the next thaw. */
  readonly opened: Effect.Effect<void>
  /** Completes with the next thaw. */
  readonly thawed: Effect.Effect<void>
}

/**
 * Which faults every connection of the transport has. Without any, bytes pass as they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** To bytes that are written to a connection of this transport. */
  readonly outgoing?: Faults
  /** To bytes that are read from a connection of this transport. */
  readonly incoming?: Faults
  readonly valve?: Valve
}

/**
 * A valve, open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const valve: Effect.Effect<Valve> = Effect.sync(makeValve)

/**
 * The transport with faults. They apply to each end that comes from it: with `pair`, or when both ends are made by it,
 * the outgoing ones of the one and the incoming ones of the other are met one after the other.
 *
 * Between a connection and the wrapped one stand 64 KiB in each direction. `flush` completes when the wrapped transport
 * has flushed. Addresses, options and errors are those of the wrapped transport.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (transport: Transport.TransportService, options: Options = {}): Transport.TransportService => ({
  connect: (address, socketOptions) =>
    Effect.flatMap(transport.connect(address, socketOptions), (connection) =>
      faulty(connection, options, socketOptions)
    ),
  listen: (address, listenOptions) =>
    Effect.map(transport.listen(address, listenOptions), (listener) => ({
      address: listener.address,
      accept: Effect.flatMap(listener.accept, (connection) => faulty(connection, options, listenOptions))
    })),
  pair: (pairOptions) =>
    Effect.flatMap(transport.pair(pairOptions), ([left, right]) =>
      Effect.all([faulty(left, options, pairOptions), faulty(right, options, pairOptions)])
    )
})

/**
 * {@link make} over the transport that the layer is given.
 *
 * @example
 * import { Transport } from "@ductworks/core"
 * import { FaultyTransport, MemoryTransport } from "@ductworks/testing"
 * import { Effect, Layer } from "effect"
 *
 * // Every end that sends more than three bytes breaks off.
 * const faults = FaultyTransport.layer({ outgoing: { slice: 1, cutAfter: 3 } })
 *
 * const program = Effect.gen(function* () {
 *   const transport = yield* Transport.Transport
 *   const [left, right] = yield* transport.pair()
 *   yield* left.write([new TextEncoder().encode("hello")])
 *   let received = 0
 *   const count = Effect.tap(right.pull, (chunks) => {
 *     for (const chunk of chunks) received += chunk.length
 *   })
 *   const end = yield* Effect.flip(Effect.forever(count))
 *   console.assert(received === 3 && end._tag === "RemoteDuctClosed")
 * })
 *
 * const layer = Layer.provide(faults, MemoryTransport.layer)
 * await program.pipe(Effect.scoped, Effect.provide(layer), Effect.runPromise)
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Transport.Transport, never, Transport.Transport> =>
  Layer.effect(
    Transport.Transport,
    Effect.map(Transport.Transport, (transport) => make(transport, options))
  )

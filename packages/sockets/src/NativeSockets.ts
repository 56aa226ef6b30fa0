/**
 * The sockets of the system, by way of the native addon.
 *
 * @since 0.1.0
 */
import type { Unsupported } from "@ductworks/core/DuctError"
import * as Wakes from "@ductworks/core/Wakes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { load } from "./internal/load.js"
import { nativeSystem } from "./internal/nativePort.js"
import { nativePorts } from "./internal/nativePorts.js"
import { makeSockets } from "./internal/sock/sockets.js"
import { Sockets } from "./Sock.js"

/**
 * How native sockets share their thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface NativeSocketsOptions {
  /**
   * Operations that a socket may do one after another without waiting; then timers, other sockets and their fibers have
   * a turn of the event loop. Each datagram of `sendmmsg` and `recvmmsg` is one, and so are each 208 KiB that a call moved.
   * Default 64; 1 at least, `Infinity` for never.
   */
  readonly maxImmediate?: number
  /**
   * How long a receive that finds nothing, or a send that finds no room, tries again before it waits; at most a second.
   * Default 0. It blocks the whole thread meanwhile, and saves the time that waking it takes: for processes that answer
   * one another at once. Between two tries the core is given away (sched_yield(2)), for the other end may need it. Once
   * somebody else kept it for long, that is left off for a while, and a spin takes 20 µs at most.
   */
  readonly busyPoll?: Duration.DurationInput
}

const mostSpinMicros = 1_000_000

/**
 * {@link Sockets} of the system. Fails `Unsupported` where there is no addon for this platform; then
 * `Layer.catchAll(() => PortableSockets.layer)` takes those of Node.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: NativeSocketsOptions = {}): Layer.Layer<Sockets, Unsupported> =>
  Layer.merge(
    Wakes.layer,
    Layer.effect(
      Sockets,
      Effect.suspend(() =>
        Either.map(load(), (binding) => {
          const micros = Math.ceil(Duration.toMillis(options.busyPoll ?? 0) * 1000)
          const spin = Math.max(0, Math.min(micros, mostSpinMicros))
          const { maxImmediate = 64 } = options
          return makeSockets(nativePorts(nativeSystem(binding, spin)), {
            maxImmediate: maxImmediate >= 1 ? maxImmediate : 1,
            isSpinning: spin > 0
          })
        })
      )
    )
  )

/**
 * {@link layerWith} the defaults.
 *
 * @example
 * import { NativeSockets, PortableSockets } from "@ductworks/sockets"
 * import { tcpSock } from "@ductworks/sockets/Sock"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const listener = yield* tcpSock
 *   yield* listener.bind(["127.0.0.1", 0])
 *   yield* listener.listen()
 *   const client = yield* tcpSock
 *   yield* client.connect(yield* listener.getsockname)
 *   const [connection] = yield* listener.accept
 *   yield* client.send(new TextEncoder().encode("hello"))
 *   const bytes = yield* connection.recvExact(5)
 *   console.assert(new TextDecoder().decode(bytes) === "hello")
 * })
 *
 * const sockets = NativeSockets.layer.pipe(Layer.catchAll(() => PortableSockets.layer))
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(sockets)))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Sockets, Unsupported> = layerWith()

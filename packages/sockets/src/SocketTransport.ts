/**
 * Ducts over native sockets: the fastest way from one process of a machine to another.
 *
 * @since 0.1.0
 */
import type { Address } from "@ductworks/core/Address"
import type { Unsupported } from "@ductworks/core/DuctError"
import { sizeOr } from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import * as Wakes from "@ductworks/core/Wakes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { load } from "./internal/load.js"
import { listen } from "./internal/transport/listen.js"
import { connect, pair } from "./internal/transport/open.js"
import { makeSystem } from "./internal/transport/system.js"
import type { Credentials } from "./Sock.js"

/**
 * How all connections of the layer read, and whom its Unix listeners accept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long a read that finds nothing, or a write that finds no room, tries again and again before it waits; default 0,
   * at most a second, and a read no longer than its time-out. That saves the time of waking up, which between two
   * processors is most of a round trip. The price: the thread does nothing else meanwhile, and the processor is busy,
   * though between two tries it is given away (sched_yield(2)), for the other end may need it. Once somebody else kept it for
   * long, that is left off for a while, and a spin takes 20 µs at most.
   */
  readonly busyPoll?: Duration.DurationInput
  /**
   * `SO_SNDBUF` of Unix sockets: how many bytes the system keeps for an end that does not read, its own bookkeeping
   * included, before `highWaterMark` begins to count. The more, the fewer times two ends on one processor have to take turns
   * over large messages. Default 512 KiB, where `net.core.wmem_max` allows it (it is 208 KiB by default, which makes 416).
   */
  readonly sendBufferBytes?: number
  /**
   * Whether a Unix listener at `address` accepts the process, whose user and group are those it had when it connected.
   * Others are closed at once, and the listener goes on. Default: our own (effective) user alone. The permissions of a
   * socket file come first: see `mode` of `ListenOptions`.
   */
  readonly allowPeer?: (credentials: Credentials, address: Address) => boolean
}

const isOwnUser = ({ uid }: Credentials): boolean => uid === process.geteuid?.()

const defaultSendBufferBytes = 512 * 1024

// An integer of C.
const largestSendBuffer = 2 ** 31 - 1

const longestSpin = Duration.seconds(1)

const microseconds = (duration: Duration.DurationInput): number =>
  Math.round(1_000 * Duration.toMillis(Duration.min(duration, longestSpin)))

/**
 * The layer with settings of its own. Building it fails with `Unsupported` where the addon cannot be loaded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<Transport, Unsupported> =>
  Layer.merge(
    Wakes.layer,
    Layer.effect(
      Transport,
      Effect.map(
        Effect.suspend(() => load()),
        (binding) => {
          const { allowPeer = isOwnUser, busyPoll = Duration.zero } = options
          const system = makeSystem(binding, {
            allowPeer,
            spin: microseconds(busyPoll),
            sendBufferBytes: Math.min(sizeOr(options.sendBufferBytes, defaultSendBufferBytes), largestSendBuffer)
          })
          return { connect: connect(system), listen: listen(system), pair: pair(system) }
        }
      )
    )
  )

/**
 * The {@link Transport} of this process's operating system, over the native addon: the same addresses, settings, errors
 * and laws as `NodeTransport`, in fewer steps. One message costs one system call to send and one to receive; who has asked,
 * on a Unix socket, lets the other end have the core once before it waits, as long as that brings the answer. Where the
 * addon cannot be loaded the layer fails with `Unsupported`, and
 * `SocketTransport.layer.pipe(Layer.catchAll(() => NodeTransport.layer))` goes on without it.
 *
 * What is different from `NodeTransport`:
 *
 * - A listener accepts when it is asked to: what nobody asked for waits in the kernel's queue (`backlog`), and a Unix
 *   listener whose queue is full lets connecting fail with the reason `BacklogFull`. With no descriptor left it pauses
 *   100 ms and goes on. One that another process shut down fails with `CommunicationFault`; over `node:net` nobody hears
 *   of that, and the event loop goes round and round.
 * - A Unix listener accepts our own user alone, unless `allowPeer` says otherwise ({@link layerWith}).
 * - `replaceStale` looks whether a process listens: a live listener's file stays, with the reason `AddressInUse`.
 * - Abstract names are exact with every Node that runs this. Every process of the machine may connect to one, but is
 *   accepted only as above.
 * - `FdAddress`: what is a socket but no stream socket is closed when it is refused (`NotASocket`).
 * - `pair` is socketpair(2).
 * - TCP closes at once when the other end's system has everything and no input is there; otherwise it waits for that.
 *
 * Nothing is read ahead of a `pull` but what one read gave, at most `readAhead`. A thread of `worker_threads` has
 * sockets of its own. A connection on which nobody waits does not keep the process alive.
 *
 * @example
 * import { Transport } from "@ductworks/core/Transport"
 * import { NodeTransport } from "@ductworks/platform-node"
 * import { SocketTransport } from "@ductworks/sockets"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const transport = yield* Transport
 *   const [parent, child] = yield* transport.pair()
 *   yield* parent.write([new TextEncoder().encode("hello")])
 *   const [chunk] = yield* child.pull
 *   console.assert(new TextDecoder().decode(chunk) === "hello")
 * })
 *
 * const live = SocketTransport.layer.pipe(Layer.catchAll(() => NodeTransport.layer))
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(live)))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Transport, Unsupported> = layerWith({})

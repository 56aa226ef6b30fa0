/**
 * Ducts between the threads of one process, in shared memory: no system call, no copy in the kernel.
 *
 * @since 0.1.0
 */
import { MemoryAddress } from "@ductworks/core/Address"
import * as Connection from "@ductworks/core/Connection"
import { Unsupported } from "@ductworks/core/DuctError"
import { type SocketOptions, Transport } from "@ductworks/core/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { MessageChannel, MessagePort } from "node:worker_threads"
import { Bell, bellBytes } from "./internal/thread/bell.js"
import { headerBytes, Ring } from "./internal/thread/ring.js"
import { ThreadDriver } from "./internal/thread/threadDriver.js"

/**
 * One end of a channel, to be given to a thread: in `workerData` with `transferList: [end.port]`, or through
 * `postMessage`. {@link connection} makes a connection of it, once.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThreadEnd {
  readonly side: 0 | 1
  /** Bytes of each direction's ring. */
  readonly capacity: number
  readonly memory: SharedArrayBuffer
  /** Carries no bytes: it closes when the other end, or its thread, is gone. */
  readonly port: MessagePort
}

/**
 * The settings of one end.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThreadOptions extends SocketOptions {
  /**
   * How long a receive spins before it waits for the event loop. While it spins, nothing else of its thread runs; it pays
   * off where each thread has a core of its own. It ends with the receive's time-out, and one that was for nothing is not
   * repeated before the other end has been heard of. Default 0, at most 1 second.
   */
  readonly busyPoll?: Duration.DurationInput
}

const longestSpin = Duration.seconds(1)

/**
 * 256 KiB: bytes handed over in one direction that were not read yet.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultCapacity = 256 * 1024

/**
 * Whether the value is one end of a channel, as a worker finds it in its `workerData`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isThreadEnd = (u: unknown): u is ThreadEnd =>
  Predicate.isRecord(u) &&
  u["memory"] instanceof SharedArrayBuffer &&
  u["port"] instanceof MessagePort &&
  (u["side"] === 0 || u["side"] === 1) &&
  Predicate.isNumber(u["capacity"]) &&
  u["memory"].byteLength === memoryBytes(u["capacity"])

const memoryBytes = (capacity: number): number => 2 * (bellBytes + headerBytes + capacity)

const largestCapacity = 2 ** 30

/**
 * The two ends of a new channel. Its memory goes when both are forgotten.
 *
 * @since 0.1.0
 * @category constructors
 */
export const channel = (options?: {
  /** Bytes of each direction, rounded up to a power of two from 64 bytes to 1 GiB. Default {@link defaultCapacity}. */
  readonly capacity?: number | undefined
}): readonly [ThreadEnd, ThreadEnd] => {
  const asked = Connection.sizeOr(options?.capacity, defaultCapacity)
  const capacity = 2 ** Math.ceil(Math.log2(Math.min(largestCapacity, Math.max(64, asked))))
  const memory = new SharedArrayBuffer(memoryBytes(capacity))
  const { port1, port2 } = new MessageChannel()
  return [
    { side: 0, capacity, memory, port: port1 },
    { side: 1, capacity, memory, port: port2 }
  ]
}

/**
 * A connection over one end of a channel, which the scope owns from here on. When the other thread ends without closing
 * its end, reads and writes fail with `RemoteDuctReset`, after the bytes that were handed over.
 *
 * @example
 * import { RawDuct } from "@ductworks/core"
 * import { ThreadTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   // In real life the second end goes to a worker: new Worker(url, { workerData: there, transferList: [there.port] })
 *   const [here, there] = ThreadTransport.channel()
 *   const left = RawDuct.fromConnection(yield* ThreadTransport.connection(here))
 *   const right = RawDuct.fromConnection(yield* ThreadTransport.connection(there))
 *   yield* left.sendAll(new Uint8Array([1, 2, 3]))
 *   console.assert((yield* right.recvExact(3)).join() === "1,2,3")
 * })
 *
 * await Effect.runPromise(Effect.scoped(program))
 *
 * @since 0.1.0
 * @category constructors
 */
export const connection = (
  end: ThreadEnd,
  options: ThreadOptions = {}
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.suspend(() => {
    const { capacity, memory, port, side } = end
    const half = memoryBytes(capacity) / 2
    const ring = (of: number) => new Ring(memory, of * half + bellBytes, capacity)
    const bell = (of: number) => new Bell(memory, of * half)
    const shared = {
      incoming: ring(1 - side),
      outgoing: ring(side),
      ourBell: bell(side),
      theirBell: bell(1 - side),
      port
    }
    const spin = Duration.toMillis(Duration.min(options.busyPoll ?? 0, longestSpin))
    return Connection.make(new ThreadDriver(shared, spin), {
      localAddress: MemoryAddress(`thread-${side}`),
      remoteAddress: MemoryAddress(`thread-${1 - side}`),
      fileno: Option.none(),
      linger: options.linger ?? Duration.seconds(3),
      highWaterMark: options.highWaterMark
    })
  })

const unsupported = (operation: string) =>
  new Unsupported({ operation, problem: "threads have no names for each other; hand a worker one end of a channel" })

/**
 * The {@link Transport} of one thread: `pair` gives two connected ends; `connect` and `listen` are `Unsupported`, since an
 * end reaches another thread only with {@link channel}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Transport> = Layer.succeed(Transport, {
  connect: () => Effect.fail(unsupported("connect")),
  listen: () => Effect.fail(unsupported("listen")),
  pair: (options) =>
    Effect.suspend(() => {
      const [left, right] = channel()
      return Effect.all([connection(left, options), connection(right, options)])
    })
})

/**
 * Event-driven I/O over any sockets: a {@link Dispatcher} waits for the events of many sockets and tells their targets,
 * which read and write step by step and never wait themselves. It is asycamore's model, for jobs that want one fiber for
 * everything; docs/event-driven.md shows the same jobs as streams and sinks, which need no dispatcher.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { Dispatcher } from "./internal/dispatcher/dispatcher.js"

export {
  type Accepted,
  AcceptingSocket,
  type ConnectionCloser,
  connections,
  makeAcceptingSocket
} from "./internal/dispatcher/accepting.js"
export { Dispatcher } from "./internal/dispatcher/dispatcher.js"
export { dataReader, drive, type EventDriver } from "./internal/dispatcher/drivers.js"
export { type IterateOptions, type Survived } from "./internal/dispatcher/options.js"
export {
  readSentinel,
  socketReader,
  type SocketWriter,
  socketWriter,
  type Step,
  writeSentinel
} from "./internal/dispatcher/steps.js"
export {
  type AnyTarget,
  defaultFilter,
  type DispatchError,
  type DispatchEvent,
  type DispatchState,
  type DispatchTarget,
  type Filter,
  immediateConnect,
  makeTarget,
  type TargetOptions
} from "./internal/dispatcher/target.js"
export {
  type ConnectionFactory,
  connectSock,
  connectTcp,
  getSockErr,
  inProgress,
  listenTcp,
  serverAccept
} from "./internal/dispatcher/tcp.js"
export { type Item, type SendPhase, writeIterable } from "./internal/dispatcher/writeIterable.js"

/**
 * A dispatcher without targets. It holds nothing but memory until it iterates.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Dispatcher, PortableSockets } from "@ductworks/sockets"
 * import { Effect } from "effect"
 *
 * // Two targets, one fiber: a client sends and closes, a server's connection reads to the end and ends it all.
 * const program = Effect.gen(function* () {
 *   const dispatcher = yield* Dispatcher.make()
 *   const read: Array<string> = []
 *   const server = yield* Dispatcher.makeAcceptingSocket(dispatcher, (sock, listening) =>
 *     Effect.succeed(
 *       Dispatcher.makeTarget(
 *         (self) =>
 *           Dispatcher.drive(
 *             Dispatcher.dataReader(self, (data) => Effect.sync(() => void read.push(new TextDecoder().decode(data))))
 *           ),
 *         { sock, socketClosed: dispatcher.socketClosed(listening) }
 *       )
 *     )
 *   )
 *   const listener = yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
 *   yield* dispatcher.add(server)
 *
 *   const client = Dispatcher.makeTarget((self) =>
 *     Dispatcher.drive(
 *       Dispatcher.writeIterable(self, ["one ", "two"], (item) =>
 *         item === "two" ? dispatcher.socketClosed(self) : Effect.void
 *       )
 *     )
 *   )
 *   yield* dispatcher.add(client)
 *   const address = yield* listener.getsockname
 *   const port = address._tag === "InetAddress" ? address.port : 0
 *   const [code] = yield* Dispatcher.connectTcp(client, ["127.0.0.1", port])
 *   if (code === 0) yield* dispatcher.connected(client)
 *
 *   yield* dispatcher.iterate()
 *   return read.join("")
 * })
 *
 * const read = await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(PortableSockets.layer)))
 * console.assert(read === "one two", read)
 */
export const make = <E = never>(): Effect.Effect<Dispatcher<E>> => Effect.sync(() => new Dispatcher<E>())

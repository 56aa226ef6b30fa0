/**
 * One object that talks typed messages with many peers, over any {@link PeerTransport}, and runs the handlers as fibers
 * that end with it.
 *
 * @since 0.1.0
 */
import type { InvalidArgument } from "@ductworks/core/DuctError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as internal from "./internal/make.js"
import type { Seam } from "./internal/meta.js"
import type { ChildTypeId } from "./internal/childTypeId.js"
import type { ConnectError, PeerLost, SetupFailed } from "./PeerError.js"
import type { Handler, Options, Tick } from "./PeerOptions.js"
import type { Messages, PeerProtocol, Services, Socket } from "./PeerProtocol.js"
import type { PeerSender, Registration } from "./PeerSender.js"
import type { PeerStats } from "./PeerStats.js"
import type { Peer, PeerTransport, PeerTransportService } from "./PeerTransport.js"

/**
 * A known peer. The application may replace and change the metadata; it goes when the peer does. (It is an accessor, which
 * copies by `...` have not.)
 *
 * @since 0.1.0
 * @category models
 */
export interface KnownPeer<Meta> {
  readonly peer: Peer
  metadata: Meta
}

/**
 * What becomes of known peers: `Joined` once, then exactly one of `Left` (with the reason, unless it closed in good
 * order) and `TimedOut`.
 *
 * @since 0.1.0
 * @category models
 */
export type PeerEvent =
  | { readonly _tag: "Joined"; readonly peer: Peer }
  | { readonly _tag: "Left"; readonly peer: Peer; readonly reason: PeerLost | undefined }
  | { readonly _tag: "TimedOut"; readonly peer: Peer }

/**
 * A socket. All operations may be called concurrently; after its scope was left they fail with `DuctClosed`.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerSocket<M extends Messages, Meta = Record<string, unknown>> extends PeerSender<M> {
  readonly [ChildTypeId]: Seam
  readonly id: string
  readonly kind: "stream" | "datagram"
  /** Where this socket can be reached; empty for one that only connects. */
  readonly endpoints: ReadonlyArray<string>
  readonly timeout: Duration.Duration
  readonly tickInterval: Duration.Duration
  /** Whether the workers run: true from the end of `make` until the scope is left. */
  readonly isActive: () => boolean
  /** How many handlers each type has now. */
  readonly handlers: () => Readonly<Record<string, number>>
  /**
   * The known peers by id, live: everybody that is connected, or, over datagrams, that was connected to or accepted. They
   * get broadcasts and are timed out.
   */
  readonly knownPeers: ReadonlyMap<string, KnownPeer<Meta>>
  /**
   * Adds a handler for the type; with `exclusive` it takes the place of all earlier ones. All handlers of a type run
   * concurrently; of a type with a reply the first to succeed answers, and those of a request are interrupted when its
   * caller cancels or leaves. Gives what takes it away again.
   */
  readonly handle: <K extends keyof M, R>(
    type: K,
    handler: Handler<M, K, R>,
    options?: { readonly exclusive?: boolean }
  ) => Effect.Effect<Registration, never, R>
  /**
   * Reaches out; the `connectTo` hook then decides, and the peer is known. The peer's first message may come later, and
   * so may its knowing of this side: what it broadcasts comes here for certain once it has answered a request.
   */
  readonly connect: (endpoint: string) => Effect.Effect<Peer, ConnectError>
  /**
   * Makes a datagram source a known peer, typically from its handler; whether it is one now (`maxPeers`). For everybody
   * else it says whether the peer is known.
   */
  readonly accept: (peer: Peer) => Effect.Effect<boolean>
  /** Forgets the peer and closes its connection: its calls fail, its queues are dropped. Unknown: nothing. */
  readonly closePeer: (peer: Peer) => Effect.Effect<void>
  /**
   * Runs the callback after each such delay (at least a millisecond), at a fixed rate, until it is taken away or the
   * socket closes. With
   * `exclusive` it takes the place of the earlier callbacks of that delay. Callbacks of one delay run concurrently.
   */
  readonly timed: <R>(
    delay: Duration.DurationInput,
    callback: (tick: Tick) => Effect.Effect<unknown, unknown, R>,
    options?: { readonly exclusive?: boolean }
  ) => Effect.Effect<Registration, never, R>
  /** Joined, left and timed out, from the subscription on. A subscriber may lag 1024 events; later ones are counted. */
  readonly events: Stream.Stream<PeerEvent>
  readonly stats: Effect.Effect<PeerStats>
}

/**
 * The services that the hooks and handlers of the options need.
 *
 * @since 0.1.0
 * @category models
 */
export type OptionServices<O> =
  | HookServices<O>
  | HookServices<Given<O, "handlers">>
  | (Given<O, "defaultHandlers"> extends ReadonlyArray<infer H> ? HookServices<H> : never)

/** What a table has at the key, which it may leave out. */
type Given<O, K extends string> = K extends keyof O ? NonNullable<O[K]> : never

type HookServices<H> = H extends unknown ? { [K in keyof H]-?: Needs<H[K]> }[keyof H] : never

type Needs<F> =
  F extends ReadonlyArray<infer One>
    ? Needs<One>
    : F extends (...args: never) => Effect.Effect<unknown, unknown, infer R>
      ? R
      : never

/**
 * The type of the metadata that the options begin a peer with.
 *
 * @since 0.1.0
 * @category models
 */
export type MetaOf<O> = O extends { readonly metadata: (peer: Peer) => infer Meta } ? Meta : Record<string, unknown>

/**
 * A socket over the transport in the context, which the scope closes. In order: the default handlers and the user's, the
 * connections of `connect` with their `connectTo`, `childSetup`; then it is active and the workers start. (The transport
 * is bound already; nothing was received.) Leaving the scope interrupts every handler and waits for it, and fails every call;
 * the connections stay the transport's, whose scope closes them.
 *
 * @example
 * import { PeerProtocol, PeerSocket } from "@ductworks/peers"
 * import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
 * import { Deferred, Effect, Schema } from "effect"
 *
 * class Game extends PeerProtocol.make("app/Game", {
 *   join: { schema: Schema.Struct({ name: Schema.String }) },
 *   state: { schema: Schema.Struct({ tick: Schema.Number, names: Schema.Array(Schema.String) }) }
 * }) {}
 *
 * const server = Effect.gen(function* () {
 *   const socket = yield* PeerSocket.make(Game, { metadata: () => ({ name: "?" }), timeout: "5 seconds" })
 *   yield* socket.handle("join", (peer, { name }) =>
 *     Effect.sync(() => {
 *       const known = socket.knownPeers.get(peer.id)
 *       if (known !== undefined) known.metadata.name = name
 *     })
 *   )
 *   yield* socket.timed("50 millis", ({ index }) =>
 *     socket.send.state({ tick: index, names: [...socket.knownPeers.values()].map(({ metadata }) => metadata.name) })
 *   )
 *   return yield* Effect.never
 * })
 *
 * const player = Effect.gen(function* () {
 *   const seen = yield* Deferred.make<number>()
 *   const socket = yield* PeerSocket.make(Game, {
 *     handlers: {
 *       state: (_, { names, tick }) => Effect.when(Deferred.succeed(seen, tick), () => names.includes("Ada"))
 *     }
 *   })
 *   yield* socket.send.join({ name: "Ada" }, yield* socket.connect("memory:game"))
 *   console.log(`the server knows my name at tick ${yield* Deferred.await(seen)}`)
 * })
 *
 * const network = MemoryPeers.network()
 * const program = Effect.gen(function* () {
 *   yield* Effect.forkScoped(Effect.provide(Effect.scoped(server), MemoryPeers.layer(network, { name: "memory:game" })))
 *   yield* Effect.yieldNow()
 *   yield* Effect.scoped(player).pipe(Effect.provide(MemoryPeers.layer(network)))
 * })
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <Id extends string, M extends Messages, const O extends Options<M, unknown> = {}>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
) => Effect.Effect<
  PeerSocket<M, MetaOf<O>>,
  InvalidArgument | ConnectError | SetupFailed,
  PeerTransport | Scope.Scope | Services<M> | OptionServices<O>
> = internal.make

/**
 * {@link make} over a transport at hand.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeWith: <Id extends string, M extends Messages, const O extends Options<M, unknown> = {}>(
  transport: PeerTransportService,
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
) => Effect.Effect<
  PeerSocket<M, MetaOf<O>>,
  InvalidArgument | ConnectError | SetupFailed,
  Scope.Scope | Services<M> | OptionServices<O>
> = internal.makeWith

/**
 * {@link make} as a layer that provides the protocol's `Socket`. Two layers on one protocol would be one socket: for
 * several use {@link make}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: <
  Id extends string,
  M extends Messages,
  const O extends Options<M, unknown> & { readonly metadata?: (peer: Peer) => Record<string, unknown> } = {}
>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
) => Layer.Layer<
  Socket<Id>,
  InvalidArgument | ConnectError | SetupFailed,
  PeerTransport | Services<M> | Exclude<OptionServices<O>, Scope.Scope>
> = internal.layer

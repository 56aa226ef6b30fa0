/**
 * Many sockets as one: their messages reach the handlers of the meta socket, what it sends goes to all of them.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildTypeId } from "./internal/childTypeId.js"
import * as internal from "./internal/meta.js"
import type { Data, Messages, PeerProtocol, Reply } from "./PeerProtocol.js"
import type { PeerSender, Registration } from "./PeerSender.js"
import type { OptionServices, PeerSocket } from "./PeerSocket.js"
import type { Peer } from "./PeerTransport.js"

/**
 * What a meta socket can own: sockets of its protocol, and meta sockets of it.
 *
 * @since 0.1.0
 * @category models
 */
export type Child<M extends Messages> = PeerSocket<M, unknown> | MetaSocket<M>

/**
 * A handler of a meta socket: the child that the message came through comes first. Of nested meta sockets it is the
 * direct child.
 *
 * @since 0.1.0
 * @category models
 */
export type MetaHandler<M extends Messages, K extends keyof M, R = never> = (
  child: Child<M>,
  peer: Peer,
  data: Data<M, K>,
  type: K
) => Effect.Effect<Reply<M, K>, unknown, R>

/**
 * One handler, or several, for each type named.
 *
 * @since 0.1.0
 * @category models
 */
export type MetaHandlers<M extends Messages, R = never> = {
  readonly [K in keyof M]?: MetaHandler<M, K, R> | ReadonlyArray<MetaHandler<M, K, R>>
}

/**
 * The settings of a meta socket. `R` is what the handlers of options need that are kept in a variable.
 *
 * @since 0.1.0
 * @category models
 */
export interface MetaOptions<M extends Messages, R = never> {
  readonly handlers?: MetaHandlers<M, R>
  /** Suppresses the children's own handlers while they are attached. Default false: both run, concurrently. */
  readonly override?: boolean
  readonly children?: ReadonlyArray<Child<M>>
}

/**
 * A meta socket. It runs nothing of its own: handlers run in the pool, the order and the time limits of the child that
 * received the message.
 *
 * @since 0.1.0
 * @category models
 */
export interface MetaSocket<M extends Messages> extends PeerSender<M> {
  readonly [ChildTypeId]: internal.Seam
  readonly id: string
  readonly children: ReadonlySet<Child<M>>
  /** Messages that the child receives from now on come here too. Again, or of itself: nothing. */
  readonly attach: (child: Child<M>) => Effect.Effect<void>
  /** The child goes on by itself. */
  readonly detach: (child: Child<M>) => Effect.Effect<void>
  readonly handle: <K extends keyof M, R>(
    type: K,
    handler: MetaHandler<M, K, R>,
    options?: { readonly exclusive?: boolean }
  ) => Effect.Effect<Registration, never, R>
}

/**
 * A meta socket, with its children attached; leaving the scope detaches them and leaves them open.
 *
 * @example
 * import { MetaSocket, PeerProtocol, PeerSocket } from "@ductworks/peers"
 * import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
 * import { Deferred, Effect, Schema } from "effect"
 *
 * class Chat extends PeerProtocol.make("app/Chat", {
 *   join: { schema: Schema.Null, reply: Schema.Null },
 *   say: { schema: Schema.String }
 * }) {}
 *
 * const program = Effect.gen(function* () {
 *   const [one, oneClient] = yield* MemoryPeers.pair()
 *   const [two, twoClient] = yield* MemoryPeers.pair()
 *   // Two servers; what is said at one of them is heard at both.
 *   const meta = yield* MetaSocket.make(Chat)
 *   yield* PeerSocket.makeWith(one, Chat, { metaSocket: meta })
 *   yield* PeerSocket.makeWith(two, Chat, { metaSocket: meta })
 *   yield* meta.handle("join", () => Effect.succeed(null))
 *   yield* meta.handle("say", (_child, _peer, text) => meta.send.say(text))
 *
 *   const heard = yield* Deferred.make<string>()
 *   const speaker = yield* PeerSocket.makeWith(oneClient, Chat)
 *   const listener = yield* PeerSocket.makeWith(twoClient, Chat, {
 *     handlers: { say: (_, text) => Deferred.succeed(heard, text) }
 *   })
 *   // Its server knows it for certain once that has answered: before that a broadcast may miss it.
 *   yield* listener.request.join(null, yield* listener.connect(two.endpoints[0] ?? ""))
 *   yield* speaker.send.say("hello", yield* speaker.connect(one.endpoints[0] ?? ""))
 *   console.assert((yield* Deferred.await(heard)) === "hello")
 * })
 *
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <Id extends string, M extends Messages, const O extends MetaOptions<M, unknown> = {}>(
  protocol: PeerProtocol<Id, M>,
  options?: O & MetaOptions<M, unknown>
) => Effect.Effect<MetaSocket<M>, never, Scope.Scope | OptionServices<O>> = internal.make

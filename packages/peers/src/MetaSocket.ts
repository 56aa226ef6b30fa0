/**
 * Many sockets as one: their messages reach the handlers of the meta socket, what it sends goes to all of them.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as internal from "./internal/meta.js"
import type { SendError } from "./PeerError.js"
import type { WireType } from "./PeerFormat.js"
import type { Data, Messages, PeerProtocol, Reply, Requests } from "./PeerProtocol.js"
import type { PeerSocket, Request, Send } from "./PeerSocket.js"
import type { Peer } from "./PeerTransport.js"

/**
 * Under this name sockets keep what meta sockets need of their children.
 *
 * @since 0.1.0
 * @category symbols
 */
export const ChildTypeId = "@ductworks/peers/Child" as const

/**
 * The type of the name.
 *
 * @since 0.1.0
 * @category symbols
 */
export type ChildTypeId = typeof ChildTypeId

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
 * The settings of a meta socket.
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
export interface MetaSocket<M extends Messages> {
  readonly [ChildTypeId]: internal.Seam
  readonly id: string
  readonly children: ReadonlySet<Child<M>>
  /** Messages that the child receives from now on come here too. Again, or of itself: nothing. */
  readonly attach: (child: Child<M>) => Effect.Effect<void>
  /** The child goes on by itself. */
  readonly detach: (child: Child<M>) => Effect.Effect<void>
  /** Whether the peer is known to a child. */
  readonly knows: (peer: Peer) => boolean
  /** To the child that knows the peer; without a peer to all peers of all children, of which none stops another. */
  readonly send: { readonly [K in keyof M]: Send<M, K> }
  /** As {@link PeerSocket}'s, to the child that knows the peer; without a peer to all. */
  readonly sendMessage: (type: WireType, data: unknown, peer?: Peer) => Effect.Effect<void, SendError>
  /** As {@link PeerSocket}'s, to the child that knows the peer; without a peer to all. */
  readonly sendRaw: (packet: Uint8Array, peer?: Peer) => Effect.Effect<void, SendError>
  readonly request: { readonly [K in Requests<M>]: Request<M, K> }
  readonly handle: <K extends keyof M, R>(
    type: K,
    handler: MetaHandler<M, K, R>,
    options?: { readonly exclusive?: boolean }
  ) => Effect.Effect<Effect.Effect<void>, never, R>
}

/**
 * A meta socket, with its children attached; leaving the scope detaches them and leaves them open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <Id extends string, M extends Messages, R = never>(
  protocol: PeerProtocol<Id, M>,
  options?: MetaOptions<M, R>
) => Effect.Effect<MetaSocket<M>, never, R | Scope.Scope> = internal.make

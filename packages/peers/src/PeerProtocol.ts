/**
 * What peers agree on: the types of their messages, declared once, and the format they travel in.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Schema from "effect/Schema"
import * as internal from "./internal/protocol.js"
import type { PeerFormat, WireType } from "./PeerFormat.js"
import type { PeerSocket } from "./PeerSocket.js"

/**
 * One type of message. With a `reply` it can be requested: its handler's result is the reply.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageType {
  /** What stands for it on the wire, unique in the protocol. Default: its name. */
  readonly type?: WireType
  readonly schema: Schema.Schema.Any
  readonly reply?: Schema.Schema.Any
}

/**
 * The message types of a protocol, by name.
 *
 * @since 0.1.0
 * @category models
 */
export type Messages = Readonly<Record<string, MessageType>>

/**
 * What a message of the type carries.
 *
 * @since 0.1.0
 * @category models
 */
export type Data<M extends Messages, K extends keyof M> = Schema.Schema.Type<M[K]["schema"]>

/**
 * The names of the types that have a reply.
 *
 * @since 0.1.0
 * @category models
 */
export type Requests<M extends Messages> = {
  [K in keyof M]-?: M[K] extends { readonly reply: Schema.Schema.Any } ? K : never
}[keyof M]

/**
 * What a request of the type is answered with; of a type without a reply: anything.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply<M extends Messages, K extends keyof M> = M[K] extends {
  readonly reply: infer S extends Schema.Schema.Any
}
  ? Schema.Schema.Type<S>
  : unknown

/**
 * The services that the Schemas of the protocol need.
 *
 * @since 0.1.0
 * @category models
 */
export type Services<M extends Messages> = {
  [K in keyof M]-?:
    | Schema.Schema.Context<M[K]["schema"]>
    | (M[K] extends { readonly reply: infer S extends Schema.Schema.Any } ? Schema.Schema.Context<S> : never)
}[keyof M]

/**
 * Identifies the socket of a protocol in a context.
 *
 * @since 0.1.0
 * @category models
 */
export interface Socket<in out Id extends string> {
  readonly _: "PeerSocket"
  readonly id: Id
}

/**
 * A protocol. It can be used as it is, or as a base class: `class Chat extends PeerProtocol.make(…) {}`. Plain data: the
 * same one serves any number of sockets, servers and clients alike.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerProtocol<Id extends string, M extends Messages> {
  new (_: never): object
  readonly id: Id
  readonly messages: M
  readonly format: PeerFormat
  /** The socket of this protocol as a service; `PeerSocket.layer` provides it. */
  readonly Socket: Context.Tag<Socket<Id>, PeerSocket<M>>
}

/**
 * Declares a protocol. The id names it in contexts and logs; it is not sent. Two types with one wire type, and wire types
 * that begin with `~` or are numbers but no safe integers, are refused by `PeerSocket.make` (`InvalidArgument`).
 *
 * @example
 * import { PeerProtocol, PeerSocket } from "@ductworks/peers"
 * import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
 * import { Deferred, Effect, Schema } from "effect"
 *
 * class Chat extends PeerProtocol.make("app/Chat", {
 *   say: { type: 1, schema: Schema.Struct({ text: Schema.String }) },
 *   who: { type: 2, schema: Schema.Null, reply: Schema.Array(Schema.String) }
 * }) {}
 *
 * const program = Effect.gen(function* () {
 *   const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
 *   const said = yield* Deferred.make<string>()
 *   yield* PeerSocket.makeWith(serverTransport, Chat, {
 *     handlers: {
 *       say: (_peer, { text }) => Deferred.succeed(said, text),
 *       who: () => Effect.succeed(["Ada", "Grace"])
 *     }
 *   })
 *   const client = yield* PeerSocket.makeWith(clientTransport, Chat)
 *   const [endpoint = ""] = serverTransport.endpoints
 *   const server = yield* client.connect(endpoint)
 *   yield* client.send.say({ text: "hello" }, server)
 *   console.assert((yield* Deferred.await(said)) === "hello")
 *   console.assert((yield* client.request.who(null, server)).length === 2)
 * })
 *
 * await program.pipe(Effect.scoped, Effect.runPromise)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <const Id extends string, const M extends Messages>(
  id: Id,
  messages: M,
  options?: {
    /** Default: `PeerFormat.json()`, bodies `[type, data]`. */
    readonly format?: PeerFormat
  }
) => PeerProtocol<Id, M> = internal.make

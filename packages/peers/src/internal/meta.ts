import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { type RequestError, type SendError, UnknownPeer } from "../PeerError.js"
import type { Child, MetaOptions, MetaSocket } from "../MetaSocket.js"
import type { Messages, PeerProtocol } from "../PeerProtocol.js"
import type { Request } from "../PeerSender.js"
import type { OptionServices } from "../PeerSocket.js"
import type { Peer } from "../PeerTransport.js"
import { ChildTypeId } from "./childTypeId.js"
import { start } from "./fibers.js"
import { Registry, type Start } from "./handlers.js"

/** A meta socket, as its children see it. */
export interface Sink {
  /** Adds the handlers of the type, above those of the child; whether the child's own are suppressed. */
  readonly gather: (child: Child<Messages>, type: string, into: Array<Start>) => boolean
  /** The child is closed. */
  readonly forget: (child: Child<Messages>) => void
  /** The meta sockets that it belongs to itself. */
  readonly sinks: ReadonlySet<Sink>
}

/** What a meta socket needs of its children, besides what everybody sees. */
export interface Seam {
  readonly sinks: Set<Sink>
  readonly request: (
    type: string,
    data: unknown,
    peer: Peer,
    options: Parameters<Request<Messages, string>>[2]
  ) => Effect.Effect<unknown, RequestError>
}

type MetaStart = (child: Child<Messages>) => Start

const starter =
  <R>(
    runtime: Runtime.Runtime<R>,
    handler: (child: Child<Messages>, peer: Peer, data: unknown) => Effect.Effect<unknown, unknown, R>
  ): MetaStart =>
  (child) =>
  (peer, data) =>
    start(runtime, () => handler(child, peer, data))

class Meta implements Sink {
  readonly children = new Set<Child<Messages>>()
  readonly sinks = new Set<Sink>()
  readonly handlers = new Registry<MetaStart>()

  constructor(
    private readonly isOverriding: boolean,
    private readonly self: () => MetaSocket<Messages>
  ) {}

  readonly gather = (child: Child<Messages>, type: string, into: Array<Start>): boolean => {
    let isOverridden = false
    for (const sink of this.sinks) isOverridden = sink.gather(this.self(), type, into) || isOverridden
    if (!isOverridden) into.push(...this.handlers.of(type).map((handler) => handler(child)))
    return isOverridden || this.isOverriding
  }

  readonly forget = (child: Child<Messages>): void => {
    this.children.delete(child)
    child[ChildTypeId].sinks.delete(this)
  }

  attach(child: Child<Messages>): void {
    if (isAbove(child[ChildTypeId].sinks, this)) return
    this.children.add(child)
    child[ChildTypeId].sinks.add(this)
  }

  /** The child of that very peer; else, since ids are unique only within a transport, the first that has one of its id. */
  childOf(peer: Peer): Child<Messages> | undefined {
    return [...this.children].find((child) => child.knows(peer))
  }

  /** To the child of the peer, or to all: a child that fails does not stop the others. */
  transmit(
    peer: Peer | undefined,
    send: (child: Child<Messages>) => Effect.Effect<void, SendError>
  ): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      if (peer === undefined) {
        return Effect.flatMap(
          Effect.forEach([...this.children], (child) => Effect.exit(send(child))),
          (exits) => exits.find(Exit.isFailure) ?? Exit.void
        )
      }
      const child = this.childOf(peer)
      return child === undefined ? unknown("send", peer) : send(child)
    })
  }
}

/** Whether the meta socket whose sinks these are is the sink, or above it: to attach it would close a circle. */
const isAbove = (sinks: ReadonlySet<Sink>, sink: Sink): boolean =>
  sink.sinks === sinks || [...sink.sinks].some((above) => isAbove(sinks, above))

const unknown = (operation: string, peer: Peer) => Exit.fail(new UnknownPeer({ operation, peer: peer.id }))

/** The types of the protocol are erased inside, and here given back: what `internal` knows by name has them by name. */
export function make<Id extends string, M extends Messages, const O extends MetaOptions<M, unknown>>(
  protocol: PeerProtocol<Id, M>,
  options?: O & MetaOptions<M, unknown>
): Effect.Effect<MetaSocket<M>, never, Scope.Scope | OptionServices<O>>
export function make<R>(
  protocol: PeerProtocol<string, Messages>,
  options: MetaOptions<Messages, R> = {}
): Effect.Effect<unknown, never, R | Scope.Scope> {
  return Effect.gen(function* () {
    const runtime = yield* Effect.runtime<R>()
    const meta: Meta = new Meta(options.override ?? false, () => socket)
    for (const [type, handlers] of Object.entries(options.handlers ?? {})) {
      for (const handler of typeof handlers === "function" ? [handlers] : (handlers ?? [])) {
        meta.handlers.add(
          type,
          starter(runtime, (child, peer, data) => handler(child, peer, data, type)),
          false
        )
      }
    }
    const socket = facade(protocol, meta)
    yield* Effect.addFinalizer(() => Effect.sync(() => [...meta.children].forEach(meta.forget)))
    for (const child of options.children ?? []) meta.attach(child)
    return socket
  })
}

const facade = (protocol: PeerProtocol<string, Messages>, meta: Meta): MetaSocket<Messages> => {
  const names = Object.keys(protocol.messages)
  const send = (type: string) => (data: unknown, peer?: Peer) =>
    meta.transmit(peer, (child) => child.send[type]?.(data, peer) ?? Effect.void)
  const request: Seam["request"] = (type, data, peer, options) =>
    Effect.suspend(() => {
      const child = meta.childOf(peer)
      return child === undefined ? unknown("request", peer) : child[ChildTypeId].request(type, data, peer, options)
    })
  const ask =
    (type: string): Request<Messages, string> =>
    (data, peer, options) =>
      request(type, data, peer, options)
  return {
    [ChildTypeId]: { sinks: meta.sinks, request },
    id: protocol.id,
    children: meta.children,
    attach: (child) => Effect.sync(() => meta.attach(child)),
    detach: (child) => Effect.sync(() => meta.forget(child)),
    knows: (peer) => meta.childOf(peer) !== undefined,
    send: Object.fromEntries(names.map((name) => [name, send(name)] as const)),
    sendMessage: (type, data, peer) => meta.transmit(peer, (child) => child.sendMessage(type, data, peer)),
    sendRaw: (packet, peer) => meta.transmit(peer, (child) => child.sendRaw(packet, peer)),
    request: Object.fromEntries(names.map((name) => [name, ask(name)] as const)),
    handle: (type, handler, { exclusive = false } = {}) =>
      Effect.map(Effect.runtime<Effect.Effect.Context<ReturnType<typeof handler>>>(), (runtime) => {
        const bound = starter(runtime, (child, peer, data) => handler(child, peer, data, type))
        const remove = meta.handlers.add(type, bound, exclusive)
        return { remove: Effect.sync(remove) }
      })
  }
}

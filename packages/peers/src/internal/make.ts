import type { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { type ConnectError, SetupFailed } from "../PeerError.js"
import type { Handlers, Options } from "../PeerOptions.js"
import type { Messages, PeerProtocol, Services, Socket } from "../PeerProtocol.js"
import type { MetaOf, OptionServices, PeerSocket } from "../PeerSocket.js"
import { type Peer, PeerTransport, type PeerTransportService } from "../PeerTransport.js"
import { type Core, makeCore } from "./core.js"
import { facade } from "./facade.js"
import { starter } from "./handlers.js"

/**
 * The types of messages, and the services of hooks, are erased inside: the first signature is what callers see, the
 * second what is built. (With one list of services for all options, TypeScript would take that of the first for all.)
 */
export function makeWith<Id extends string, M extends Messages, const O extends Options<M, unknown>>(
  transport: PeerTransportService,
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
): Effect.Effect<
  PeerSocket<M, MetaOf<O>>,
  InvalidArgument | ConnectError | SetupFailed,
  Scope.Scope | Services<M> | OptionServices<O>
>
export function makeWith(
  transport: PeerTransportService,
  protocol: PeerProtocol<string, Messages>,
  options: Options<Messages, unknown> = {}
): Effect.Effect<unknown, InvalidArgument | ConnectError | SetupFailed, unknown> {
  return Effect.gen(function* () {
    const core: Core = yield* makeCore(transport, protocol, options, () => socket)
    const socket: PeerSocket<Messages, unknown> = facade(core)
    yield* Effect.addFinalizer(() => Effect.zipRight(leaveMetas(core, socket), core.close))
    yield* begin(core, socket)
    return socket
  })
}

/** The order of ST-1: handlers, connections, the set-up hook; then the workers. */
const begin = (
  core: Core,
  socket: PeerSocket<Messages, unknown>
): Effect.Effect<void, ConnectError | SetupFailed, unknown> =>
  Effect.gen(function* () {
    const { childSetup, connect = [], defaultHandlers = [], handlers = {}, metaSocket } = core.options
    const { runtime } = core.fibers
    for (const some of [...defaultHandlers, handlers]) addAll(core, runtime, some)
    if (metaSocket !== undefined) yield* metaSocket.attach(socket)
    yield* Effect.forEach(connect, (endpoint) => core.connect(endpoint), { discard: true })
    if (childSetup !== undefined) {
      yield* Effect.catchAllCause(
        core.hook(() => childSetup(socket)),
        (cause) => new SetupFailed({ socket: core.protocol.id, cause })
      )
    }
    core.start()
  })

const addAll = (core: Core, runtime: Runtime.Runtime<unknown>, handlers: Handlers<Messages, unknown>): void => {
  for (const [type, some] of Object.entries(handlers)) {
    for (const handler of typeof some === "function" ? [some] : (some ?? [])) {
      core.handlers.add(
        type,
        starter(runtime, (peer, data) => handler(peer, data, type)),
        false
      )
    }
  }
}

const leaveMetas = (core: Core, socket: PeerSocket<Messages, unknown>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const sink of [...core.sinks]) sink.forget(socket)
  })

export const make = <Id extends string, M extends Messages, const O extends Options<M, unknown>>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
) => Effect.flatMap(PeerTransport, (transport) => makeWith(transport, protocol, options))

export function layer<
  Id extends string,
  M extends Messages,
  const O extends Options<M, unknown> & { readonly metadata?: (peer: Peer) => Record<string, unknown> }
>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M, unknown>
): Layer.Layer<
  Socket<Id>,
  InvalidArgument | ConnectError | SetupFailed,
  PeerTransport | Services<M> | Exclude<OptionServices<O>, Scope.Scope>
>
export function layer<Id extends string, M extends Messages>(
  protocol: PeerProtocol<Id, M>,
  options?: Options<M, unknown> & { readonly metadata?: (peer: Peer) => Record<string, unknown> }
): Layer.Layer<never, InvalidArgument | ConnectError | SetupFailed, unknown> {
  return Layer.scoped(protocol.Socket, make(protocol, options))
}

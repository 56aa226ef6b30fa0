import type { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ConnectError } from "../PeerError.js"
import type { Options } from "../PeerOptions.js"
import type { Messages, PeerProtocol, Services, Socket } from "../PeerProtocol.js"
import type { MetaOf, OptionServices, PeerSocket } from "../PeerSocket.js"
import { type Peer, PeerTransport, type PeerTransportService } from "../PeerTransport.js"

export function makeWith<Id extends string, M extends Messages, const O extends Options<M>>(
  transport: PeerTransportService,
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M>
): Effect.Effect<
  PeerSocket<M, MetaOf<O>>,
  InvalidArgument | ConnectError,
  Scope.Scope | Services<M> | OptionServices<O>
>
export function makeWith<M extends Messages>(
  _transport: PeerTransportService,
  _protocol: PeerProtocol<string, M>,
  _options?: Options<M>
): Effect.Effect<unknown, InvalidArgument | ConnectError, unknown> {
  return Effect.dieMessage("not built yet")
}

export const make = <Id extends string, M extends Messages, const O extends Options<M>>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M>
) => Effect.flatMap(PeerTransport, (transport) => makeWith(transport, protocol, options))

export function layer<
  Id extends string,
  M extends Messages,
  const O extends Options<M> & { readonly metadata?: (peer: Peer) => Record<string, unknown> }
>(
  protocol: PeerProtocol<Id, M>,
  options?: O & Options<M>
): Layer.Layer<
  Socket<Id>,
  InvalidArgument | ConnectError,
  PeerTransport | Services<M> | Exclude<OptionServices<O>, Scope.Scope>
>
export function layer<Id extends string, M extends Messages>(
  protocol: PeerProtocol<Id, M>,
  options?: Options<M> & { readonly metadata?: (peer: Peer) => Record<string, unknown> }
): Layer.Layer<never, InvalidArgument | ConnectError, unknown> {
  return Layer.scoped(protocol.Socket, make(protocol, options))
}

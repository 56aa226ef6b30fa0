import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { MetaOptions, MetaSocket } from "../MetaSocket.js"
import type { Messages, PeerProtocol } from "../PeerProtocol.js"

export const make = <Id extends string, M extends Messages, R = never>(
  _protocol: PeerProtocol<Id, M>,
  _options?: MetaOptions<M, R>
): Effect.Effect<MetaSocket<M>, never, R | Scope.Scope> => Effect.dieMessage("not built yet")

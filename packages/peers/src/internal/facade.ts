import { andThen } from "@ductworks/core/Settled"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Messages } from "../PeerProtocol.js"
import type { Request } from "../PeerSender.js"
import type { PeerSocket } from "../PeerSocket.js"
import type { Peer } from "../PeerTransport.js"
import { ChildTypeId } from "./childTypeId.js"
import type { Core } from "./core.js"
import { starter } from "./handlers.js"
import type { Seam } from "./meta.js"
import { ownCopy } from "./ownCopy.js"

/** The socket as its users see it, by the names of its protocol; their types are erased here (`make.ts` gives them back). */
export const facade = (core: Core): PeerSocket<Messages, unknown> => {
  const { outflow, protocol, roster, settings, table, transport } = core
  const entries = [...table.byName.values()]
  const request: Seam["request"] = (type, data, peer, { timeout = settings.requestTimeout } = {}) =>
    Effect.suspend(() => {
      const entry = table.byName.get(type)
      return entry === undefined ? Effect.die(type) : core.calls.request(entry, data, peer, Duration.decode(timeout))
    })
  return {
    [ChildTypeId]: { sinks: core.sinks, request },
    id: protocol.id,
    kind: transport.kind,
    endpoints: transport.endpoints,
    timeout: settings.timeout,
    tickInterval: settings.tickInterval,
    isActive: () => core.isActive,
    handlers: () => core.handlers.count(),
    knownPeers: roster.known,
    knows: (peer) => roster.known.has(peer.id),
    send: Object.fromEntries(
      entries.map((entry) => [entry.name, (data: unknown, peer?: Peer) => core.send(entry, data, peer)] as const)
    ),
    sendMessage: (type, data, peer) =>
      Effect.suspend(() => andThen(outflow.encode({ type, data }), (packet) => outflow.transmit(packet, peer))),
    // A copy, as the packet may wait for a slow peer, or for the system, when its owner fills it in anew.
    sendRaw: (packet, peer) => Effect.suspend(() => outflow.transmit(ownCopy(packet), peer)),
    request: Object.fromEntries(
      entries.map(({ name }) => {
        const ask: Request<Messages, string> = (data, peer, options) => request(name, data, peer, options)
        return [name, ask] as const
      })
    ),
    handle: (type, handler, { exclusive = false } = {}) =>
      Effect.map(Effect.runtime<Effect.Effect.Context<ReturnType<typeof handler>>>(), (runtime) => {
        const remove = core.handlers.add(
          type,
          starter(runtime, (peer, data) => handler(peer, data, type)),
          exclusive
        )
        return { remove: Effect.sync(remove) }
      }),
    connect: (endpoint) => core.connect(endpoint),
    accept: (peer) => Effect.sync(() => core.accept(peer)),
    closePeer: (peer) => Effect.sync(() => core.closePeer(peer)),
    timed: (delay, callback, { exclusive = false } = {}) =>
      Effect.map(Effect.context<Effect.Effect.Context<ReturnType<typeof callback>>>(), (context) => {
        const remove = core.rates.add(
          Duration.decode(delay),
          (tick) => Effect.provide(callback(tick), context),
          exclusive
        )
        return { remove: Effect.sync(remove) }
      }),
    events: core.events.stream,
    stats: Effect.sync(() => core.stats())
  }
}

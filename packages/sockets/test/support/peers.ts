// What the tests of peers share.
import type { PeerTransportService, TransportEvent } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"

/** Notes all that a transport gives, until the scope ends. */
export const watch = (transport: PeerTransportService) =>
  Effect.gen(function* () {
    const events: Array<TransportEvent> = []
    const note = Effect.flatMap(transport.receive, (some) => Effect.sync(() => void events.push(...some)))
    yield* Effect.forkScoped(Effect.ignore(Effect.forever(note)))
    const of = <Tag extends TransportEvent["_tag"]>(tag: Tag) =>
      events.filter((event): event is Extract<TransportEvent, { readonly _tag: Tag }> => event._tag === tag)
    return { events, joined: () => of("Joined"), packets: () => of("Packet"), left: () => of("Left") }
  })

/** Looks again and again until it holds; the test's own time-out is the limit. */
export const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.zipRight(Effect.sleep("2 millis"), until(holds))))

export const endpointOf = (transport: PeerTransportService): string => transport.endpoints[0] ?? "no endpoint"

export const portOf = (transport: PeerTransportService): number => Number(/\d+$/.exec(endpointOf(transport))?.[0])

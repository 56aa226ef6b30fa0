import type { PeerTransport } from "@ductworks/peers"
import type { Peer, PeerTransportService, TransportEvent } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { eventually, problem } from "../check.js"
import { Random } from "../pattern.js"

/** What a transport of peers, or its wire, cannot do; see `checkPeers`. */
export type Limitation = "empty" | "bytes"

export interface Setting {
  readonly server: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  readonly client: Effect.Effect<PeerTransportService, unknown, Scope.Scope>
  readonly nobody: string | undefined
  readonly cannot: (limitation: Limitation) => boolean
  readonly maxAcceptedBytes: number
  readonly seed: number
}

/** A check before it has a deadline: law, name, body. */
export type Entry = readonly [law: number, name: string, body: Effect.Effect<void, unknown, Scope.Scope>]

/** A packet that says which it is, and the same bytes again for whoever has to know them. */
export const packetOf = (setting: Setting, number: number, size: number): Uint8Array => {
  const head = `${number} `
  const packet = new Uint8Array(Math.max(size, head.length))
  for (let i = 0; i < head.length; i++) packet[i] = head.charCodeAt(i)
  const random = new Random(setting.seed + number)
  for (let i = head.length; i < packet.length; i++) {
    packet[i] = setting.cannot("bytes") ? 33 + random.below(90) : random.below(256)
  }
  return packet
}

export const numberOf = (packet: Uint8Array): number =>
  Number.parseInt(String.fromCharCode(...packet.subarray(0, 12)), 10)

/** What is wrong with a packet that was made by {@link packetOf}. */
export const difference = (setting: Setting, packet: Uint8Array, number: number, size: number): string | undefined => {
  const expected = packetOf(setting, number, size)
  if (packet.length !== expected.length) return `packet ${number} has ${packet.length} bytes, not ${expected.length}`
  const at = expected.findIndex((byte, i) => byte !== packet[i])
  return at === -1 ? undefined : `packet ${number} differs at byte ${at}`
}

/** Everything that a transport has given, noted as it comes. */
export class Seen {
  readonly events: Array<TransportEvent> = []

  readonly note = (events: ReadonlyArray<TransportEvent>): void => {
    this.events.push(...events)
  }

  joined(): ReadonlyArray<Peer> {
    return this.events.flatMap((event) => (event._tag === "Joined" ? [event.peer] : []))
  }

  left(): ReadonlyArray<PeerTransport.Left> {
    return this.events.flatMap((event) => (event._tag === "Left" ? [event] : []))
  }

  packets(peer?: Peer): ReadonlyArray<Uint8Array> {
    return this.events.flatMap((event) =>
      event._tag === "Packet" && (peer === undefined || event.peer.id === peer.id) ? [event.packet] : []
    )
  }

  /** Where the packets came from. */
  senders(): ReadonlyArray<Peer> {
    return this.events.flatMap((event) => (event._tag === "Packet" ? [event.peer] : []))
  }
}

/** Receives until the scope ends. */
export const watch = (transport: PeerTransportService): Effect.Effect<Seen, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen = new Seen()
    yield* Effect.forkScoped(Effect.ignore(Effect.forever(receiveInto(transport, seen))))
    return seen
  })

/** Noted in the very step that gets them: what is interrupted after that has lost nothing. */
export const receiveInto = (transport: PeerTransportService, seen: Seen) =>
  Effect.flatMap(transport.receive, (events) => {
    seen.note(events)
    return Exit.void
  })

export const until = (holds: () => boolean): Effect.Effect<void> => eventually(Effect.sync(holds))

/** A transport in a scope of its own, which can be left early. */
export const opened = (acquire: Effect.Effect<PeerTransportService, unknown, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const transport = yield* Scope.extend(acquire, scope)
    return { transport, leave: Scope.close(scope, Exit.void) }
  })

/** A server and a client that has connected to it. `atServer` is known once the server has heard of it. */
export const connected = (setting: Setting) =>
  Effect.gen(function* () {
    const server = yield* opened(setting.server)
    const client = yield* opened(setting.client)
    const [endpoint] = server.transport.endpoints
    if (endpoint === undefined) return yield* problem("the server has no endpoint")
    const peer = yield* client.transport.connect(endpoint)
    return { server, client, endpoint, peer }
  })

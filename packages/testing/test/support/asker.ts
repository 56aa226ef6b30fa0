import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { Data, Effect } from "effect"

class Refused extends Data.TaggedError("Refused") {}

/** Exchanges over connections in memory: who asks connects, sends, waits for one packet, and closes. */
export const asker = (network: MemoryPeers.Network) => (endpoint: string, body: Uint8Array) =>
  Effect.gen(function* () {
    const transport = yield* MemoryPeers.make(network)
    yield* transport.send(yield* transport.connect(endpoint), body)
    for (;;) {
      for (const event of yield* transport.receive) {
        if (event._tag === "Packet") return event.packet
        if (event._tag === "Left") return yield* new Refused()
      }
    }
  }).pipe(Effect.scoped)

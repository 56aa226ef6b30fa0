import { PeerProtocol } from "@ductworks/peers"
import { Schema } from "effect"

/** A worker says that it is there, and is asked for one piece of the work after the other. */
export class Swarm extends PeerProtocol.make("swarm/Swarm", {
  ready: { schema: Schema.Struct({ name: Schema.String }) },
  primes: { schema: Schema.Struct({ from: Schema.Number, to: Schema.Number }), reply: Schema.Number }
}) {}

/** Of both ends: who is not heard of for the time-out is taken for dead. */
export const pulse = { heartbeat: "500 millis", timeout: "4 seconds" } as const

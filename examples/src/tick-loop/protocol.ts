import { PeerProtocol } from "@ductworks/peers"
import { Schema } from "effect"

/**
 * Datagrams get lost, doubled and reordered: joining may be asked for again, steering says all that is wished and no
 * change of it, and a snapshot makes those before it void.
 */
export class Game extends PeerProtocol.make("tick-loop/Game", {
  join: { type: 1, schema: Schema.Null, reply: Schema.Struct({ player: Schema.Number }) },
  steer: { type: 2, schema: Schema.Struct({ velocity: Schema.Number }) },
  snapshot: {
    type: 3,
    schema: Schema.Struct({ tick: Schema.Number, positions: Schema.Array(Schema.Tuple(Schema.Number, Schema.Number)) })
  }
}) {}

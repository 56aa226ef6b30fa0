import { PeerProtocol } from "@ductworks/peers"
import { Schema } from "effect"

/** The protocol of most tests. */
export class Chat extends PeerProtocol.make("test/Chat", {
  say: { type: 1, schema: Schema.Struct({ text: Schema.String }) },
  bye: { schema: Schema.Null },
  sum: { type: 3, schema: Schema.Array(Schema.Number), reply: Schema.Number }
}) {}

export const say = (text: string) => [1, { text }] as const

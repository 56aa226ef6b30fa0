/**
 * What the chat's peers say to each other, declared once: the types of `send`, `request` and `handle` come from here, and
 * what arrives is decoded by these Schemas before any handler sees it.
 */
import { PeerProtocol } from "@ductworks/peers"
import { Schema } from "effect"

/** No control characters: what somebody says is also printed on other people's terminals. */
const line = (maxLength: number) =>
  Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(maxLength), Schema.pattern(/^\P{Cc}*$/u))

const Name = line(20)
const Text = line(500)

const Welcome = Schema.TaggedStruct("Welcome", {})
const Refused = Schema.TaggedStruct("Refused", { reason: Schema.String })

export class Chat extends PeerProtocol.make("examples/Chat", {
  /** To the server; joining again changes the name. */
  join: { schema: Schema.Struct({ name: Name }), reply: Schema.Union(Welcome, Refused) },
  /** To the server, which makes it `said` for everybody. */
  say: { schema: Schema.Struct({ text: Text }) },
  said: { schema: Schema.Struct({ from: Name, text: Text }) },
  /** Who is here now, whenever that changes. */
  names: { schema: Schema.Array(Name) },
  /** From either end that leaves. A connection would tell; over UDP nothing else does. */
  bye: { schema: Schema.Null }
}) {}

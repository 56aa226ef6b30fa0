import { InvalidArgument } from "@ductworks/core/DuctError"
import { type Codec, codec } from "@ductworks/message/Serializer"
import * as Exit from "effect/Exit"
import type { PeerFormat, WireType } from "../PeerFormat.js"
import type { Messages } from "../PeerProtocol.js"

/** A message type, ready to use. */
export interface Entry {
  readonly name: string
  readonly wire: WireType
  readonly data: Codec<unknown, unknown>
  readonly reply: Codec<unknown, unknown> | undefined
}

/** The message types of a protocol, by name and by what the wire has. */
export interface Table {
  readonly byName: ReadonlyMap<string, Entry>
  readonly byWire: ReadonlyMap<WireType, Entry>
}

const invalid = (problem: string) => Exit.fail(new InvalidArgument({ operation: "PeerSocket.make", problem }))

export const makeTable = (messages: Messages, format: PeerFormat): Exit.Exit<Table, InvalidArgument> => {
  const byName = new Map<string, Entry>()
  const byWire = new Map<WireType, Entry>()
  for (const [name, { reply, schema, type = name }] of Object.entries(messages)) {
    if (typeof type === "string" ? type.startsWith("~") : !Number.isSafeInteger(type)) {
      return invalid(`the wire type of "${name}" must be a safe integer, or a text that does not begin with "~"`)
    }
    const other = byWire.get(type)
    if (other !== undefined) return invalid(`"${other.name}" and "${name}" have the same wire type ${type}`)
    const entry: Entry = {
      name,
      wire: type,
      data: codec(schema, format.name),
      reply: reply === undefined ? undefined : codec(reply, format.name)
    }
    byName.set(name, entry)
    byWire.set(type, entry)
  }
  return Exit.succeed({ byName, byWire })
}

/** The library's own types on the wire; see `PeerFormat.fromSerializer`. */
export const control = { reply: "~reply", error: "~error", cancel: "~cancel", beat: "~beat" } as const

import * as Context from "effect/Context"
import * as PeerFormat from "../PeerFormat.js"
import type { Messages, PeerProtocol, Socket } from "../PeerProtocol.js"
import type { PeerSocket } from "../PeerSocket.js"

export const make = <const Id extends string, const M extends Messages>(
  id: Id,
  messages: M,
  options: { readonly format?: PeerFormat.PeerFormat } = {}
): PeerProtocol<Id, M> => {
  const Tag = Context.GenericTag<Socket<Id>, PeerSocket<M>>(`${id}/Socket`)
  const format = options.format ?? PeerFormat.json()
  return class {
    static readonly id = id
    static readonly messages = messages
    static readonly format = format
    static readonly Socket = Tag
  }
}

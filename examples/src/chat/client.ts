/** Somebody in the chat, over whatever the server's endpoint says. */
import { type PeerError, PeerSocket } from "@ductworks/peers"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import * as NodeWebSocketPeers from "@ductworks/platform-node/NodeWebSocketPeers"
import { Data, Effect, Mailbox, Stream } from "effect"
import { Chat } from "./protocol.js"

export type Heard = Data.TaggedEnum<{
  Said: { readonly from: string; readonly text: string }
  Names: { readonly names: ReadonlyArray<string> }
}>
export const Heard = Data.taggedEnum<Heard>()

export interface Client {
  readonly say: (text: string) => Effect.Effect<void, PeerError.SendError>
  /** Ends when the server goes away. Who does not listen misses what is oldest. */
  readonly heard: Mailbox.ReadonlyMailbox<Heard>
}

export class NameRefused extends Data.TaggedError("NameRefused")<{ readonly reason: string }> {}

const transportFor = (endpoint: string) => {
  if (endpoint.startsWith("udp:")) return NodePeers.makeUdp()
  if (endpoint.startsWith("ws:")) return NodeWebSocketPeers.makeClient({ frames: "text" })
  return NodePeers.makeClient()
}

/** Joins under that name, and leaves with the scope. */
export const join = (endpoint: string, name: string) =>
  Effect.gen(function* () {
    const heard = yield* Mailbox.make<Heard>({ capacity: 100, strategy: "sliding" })
    const socket = yield* PeerSocket.makeWith(yield* transportFor(endpoint), Chat, {
      heartbeat: "2 seconds",
      handlers: {
        said: (_server, message) => heard.offer(Heard.Said(message)),
        names: (_server, names) => heard.offer(Heard.Names({ names }))
      },
      childSetup: (socket) =>
        Effect.zipRight(
          socket.handle("bye", (server) => socket.closePeer(server)),
          socket.events.pipe(
            Stream.takeUntil(({ _tag }) => _tag !== "Joined"),
            Stream.runDrain,
            Effect.ensuring(heard.end),
            Effect.forkScoped
          )
        )
    })

    const server = yield* socket.connect(endpoint)
    // A datagram may be lost, so ask again: to join twice is to join once.
    const answer = yield* socket.request
      .join({ name }, server, { timeout: "2 seconds" })
      .pipe(Effect.retry({ times: 2, while: ({ _tag }) => _tag === "DuctTimeout" }))
    if (answer._tag === "Refused") return yield* new NameRefused({ reason: answer.reason })
    yield* Effect.addFinalizer(() => Effect.ignore(socket.send.bye(null, server)))

    const client: Client = { heard, say: (text) => socket.send.say({ text }, server) }
    return client
  })

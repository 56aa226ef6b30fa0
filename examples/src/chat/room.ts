/** Who is here, and what becomes of what they say: the same for everybody, however they are connected. */
import { MetaSocket, type PeerSocket } from "@ductworks/peers"
import { Effect, Stream } from "effect"
import { Chat } from "./protocol.js"

type Socket = PeerSocket.PeerSocket<typeof Chat.messages, unknown>

/** So many that the list of their names, each as long as it may be, is still one datagram. */
const maxNames = 50

const refused = (reason: string) => ({ _tag: "Refused", reason }) as const

export const makeRoom = Effect.gen(function* () {
  /** By the peer's id. Who is connected listens; who has a name may speak. */
  const names = new Map<string, string>()
  const everybody = yield* MetaSocket.make(Chat)
  const tellNames = Effect.suspend(() => everybody.send.names([...names.values()]))

  yield* everybody.handle("say", (_socket, peer, { text }) => {
    const from = names.get(peer.id)
    return from === undefined ? Effect.void : everybody.send.said({ from, text })
  })

  /** What concerns one peer is the business of the socket that it came through. */
  const admit = (socket: Socket) =>
    Effect.gen(function* () {
      yield* socket.handle("join", (peer, { name }) =>
        Effect.gen(function* () {
          // Who sends a datagram stays a stranger, who hears nothing, until it is accepted.
          yield* socket.accept(peer)
          // From here to `names.set` nothing else happens: of two who want one name the second is refused, and who
          // leaves does so afterwards, with an event.
          if (!socket.knows(peer)) return refused("there is no place left")
          if ([...names].some(([id, taken]) => taken === name && id !== peer.id)) {
            return refused(`somebody is called ${name} already`)
          }
          if (names.size >= maxNames && !names.has(peer.id)) return refused("there is no place left")
          names.set(peer.id, name)
          yield* tellNames
          return { _tag: "Welcome" } as const
        })
      )
      yield* socket.handle("bye", (peer) => socket.closePeer(peer))
      yield* socket.events.pipe(
        Stream.filter(({ _tag }) => _tag !== "Joined"),
        Stream.runForEach(({ peer }) => (names.delete(peer.id) ? tellNames : Effect.void)),
        Effect.forkScoped
      )
    })

  return { everybody, admit }
})

import { Dispatcher, NativeSockets, PortableSockets, type Sock } from "@ductworks/sockets"
import { Sockets } from "@ductworks/sockets/Sock"
import { MSG } from "@ductworks/sockets/SocketConstants"
import { SocketFault } from "@ductworks/sockets/SocketError"
import { Effect } from "effect"
import { constants } from "node:os"

export const systems = [
  ["native", NativeSockets.layer],
  ["portable", PortableSockets.layer]
] as const

/** A connection over TCP: the client's end, the server's end. */
export const connected = Effect.gen(function* () {
  const { sock } = yield* Sockets
  const listener = yield* sock()
  yield* listener.bind(["127.0.0.1", 0])
  yield* listener.listen()
  const client = yield* sock()
  yield* client.connect(yield* listener.getsockname)
  const [server] = yield* listener.accept
  yield* listener.close
  return [client, server] as const
})

/** A port of this machine where nobody listens. */
export const freePort = Effect.gen(function* () {
  const { sock } = yield* Sockets
  const listener = yield* sock()
  yield* listener.bind(["127.0.0.1", 0])
  yield* listener.listen()
  const address = yield* listener.getsockname
  yield* listener.close
  return address._tag === "InetAddress" ? address.port : yield* Effect.dieMessage("not an IP address")
}).pipe(Effect.scoped)

/** The socket, but some of its operations. */
export const changed = (sock: Sock.Sock, change: Partial<Sock.Sock>): Sock.Sock =>
  new Proxy(sock, {
    get: (target, key): unknown => (key in change ? Reflect.get(change, key) : Reflect.get(target, key))
  })

export const fault = (code: keyof typeof constants.errno, operation = "test") =>
  new SocketFault({ operation, code, errno: constants.errno[code], problem: "as the test wants it" })

/** Sends until the system takes no more; how many bytes it took. */
export const fill = (sock: Sock.Sock): Effect.Effect<number> => {
  const piece = new Uint8Array(64 * 1024).fill(120)
  const go = (sum: number): Effect.Effect<number> =>
    Effect.matchEffect(sock.send(piece, MSG.DONTWAIT), {
      onFailure: () => Effect.succeed(sum),
      onSuccess: (count) => go(sum + count)
    })
  return go(0)
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

/** A target that notes its events. */
export const noting = (
  options: Dispatcher.TargetOptions<never> = {},
  then: (self: Dispatcher.AnyTarget, event: Dispatcher.DispatchEvent) => Effect.Effect<void> = () => Effect.void
) => {
  const events: Array<Dispatcher.DispatchEvent> = []
  const target = Dispatcher.makeTarget(
    (self) => (event) => {
      events.push(event)
      return then(self, event)
    },
    options
  )
  return { events, target }
}

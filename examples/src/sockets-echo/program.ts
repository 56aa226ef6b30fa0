import { Sockets, type Sock } from "@ductworks/sockets/Sock"
import type { ArgumentError } from "@ductworks/sockets/SocketError"
import { AF, SHUT, SOCK } from "@ductworks/sockets/SocketConstants"
import { Console, Effect } from "effect"

const text = new TextDecoder()
const bytes = (words: string) => new TextEncoder().encode(words)

/** Sends back what comes, until the other end has sent all; then says so in turn. */
const echo = (connection: Sock): Effect.Effect<void, ArgumentError> =>
  Effect.flatMap(connection.recv(4096), (data) =>
    data.length === 0 ? connection.shutdown(SHUT.WR) : Effect.zipRight(connection.send(data), echo(connection))
  )

const serve = (listener: Sock) => Effect.scoped(Effect.flatMap(listener.accept, ([connection]) => echo(connection)))

/** A TCP client that half-closes: it has said all, and still listens. */
const overTcp = (words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { sock } = yield* Sockets
    const listener = yield* sock()
    yield* listener.setReuseAddr
    yield* listener.bind(["127.0.0.1", 0])
    yield* listener.listen(1)
    yield* Effect.forkScoped(serve(listener))

    const client = yield* sock()
    yield* client.connect(yield* listener.getsockname)
    yield* client.writev(words.map(bytes))
    yield* client.shutdown(SHUT.WR)
    const answer = yield* client.recvExact(words.join("").length)
    const rest = yield* client.recv(1)
    return `${text.decode(answer)}, then ${rest.length} bytes`
  }).pipe(Effect.scoped)

/** Two UDP sockets: what one sends, the other answers to where it came from. */
const overUdp = (word: string) =>
  Effect.gen(function* () {
    const { sock } = yield* Sockets
    const server = yield* sock({ domain: AF.INET, type: SOCK.DGRAM })
    yield* server.bind(["127.0.0.1", 0])
    const client = yield* sock({ domain: AF.INET, type: SOCK.DGRAM })
    yield* client.connect(yield* server.getsockname)
    yield* client.send(bytes(word))
    const [ping, from] = yield* server.recvfrom(1500)
    yield* server.sendto(bytes(`${text.decode(ping)}, pong`), from)
    return text.decode(yield* client.recv(1500))
  }).pipe(Effect.scoped)

/** Says nothing of whose sockets they are: `Sockets` is what it asks for. */
export const program = Effect.gen(function* () {
  const tcp = yield* overTcp(["BSD ", "sockets ", "for fibers"])
  const udp = yield* overUdp("ping")
  yield* Console.log(`TCP: ${tcp}\nUDP: ${udp}`)
  return { tcp, udp }
})

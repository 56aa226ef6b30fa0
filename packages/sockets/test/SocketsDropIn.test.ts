import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { NativeSockets, PortableSockets, Sock } from "../src/index.js"
import { AF, SHUT, SOCK } from "../src/SocketConstants.js"
import type { AddressInput } from "../src/SocketAddress.js"
import type { ArgumentError } from "../src/SocketError.js"

const ascii = (text: string) => new TextEncoder().encode(text)
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const echo = (connection: Sock.Sock): Effect.Effect<void, ArgumentError> =>
  Effect.flatMap(connection.recv(4096), (data) =>
    data.length === 0 ? connection.shutdown(SHUT.WR) : Effect.zipRight(connection.send(data), echo(connection))
  )

const overTcp = (domain: number, ip: string) =>
  Effect.gen(function* () {
    const { sock } = yield* Sock.Sockets
    const listener = yield* sock({ domain })
    yield* listener.setReuseAddr
    yield* listener.bind([ip, 0])
    yield* listener.listen(5)
    const address = yield* listener.getsockname
    yield* Effect.forkScoped(Effect.scoped(Effect.flatMap(listener.accept, ([connection]) => echo(connection))))
    const client = yield* sock({ domain })
    yield* client.connect(address)
    const peer = yield* client.getpeername
    yield* client.writev(["half", "-", "closed"].map(ascii))
    yield* client.shutdown(SHUT.WR)
    const answer = yield* client.recvExact(11)
    const rest = yield* client.recv(1)
    yield* client.close
    const failure = yield* Effect.flip(client.recv(1))
    return [peer._tag === address._tag, text(answer), rest.length, client.fd, failure._tag]
  })

const overUdp = (domain: number, ip: string) =>
  Effect.gen(function* () {
    const { sock } = yield* Sock.Sockets
    const server = yield* sock({ domain, type: SOCK.DGRAM })
    yield* server.bind([ip, 0])
    const client = yield* sock({ domain, type: SOCK.DGRAM })
    const address = yield* server.getsockname
    const sent = yield* client.sendto(ascii("ping"), address)
    const [ping, from] = yield* server.recvfrom(100)
    yield* server.sendto(ascii("pong"), from)
    const [pong, back] = yield* client.recvfrom(2)
    return [sent, text(ping), text(pong), back._tag]
  })

/** Says nothing of whose sockets they are. */
const program = Effect.gen(function* () {
  const { hasIpv6, liveSockets } = yield* Sock.Sockets
  const four = yield* Effect.scoped(overTcp(AF.INET, "127.0.0.1"))
  const six = (yield* hasIpv6) ? yield* Effect.scoped(overTcp(AF.INET6, "::1")) : four
  const udp = yield* Effect.scoped(overUdp(AF.INET, "127.0.0.1"))
  return [four, six, udp, yield* liveSockets]
})

const expected = [
  [true, "half-closed", 0, -1, "SocketClosed"],
  [true, "half-closed", 0, -1, "SocketClosed"],
  [4, "ping", "po", "InetAddress"],
  0
]

describe("one program", () => {
  for (const [name, layer] of [
    ["native", NativeSockets.layer],
    ["portable", PortableSockets.layer]
  ] as const) {
    it.live(`SH-39 runs by swapping the Layer (${name})`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* program, expected)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`SH-8 SH-20 SH-39 a server takes the next address where one is in use (${name})`, () =>
      Effect.gen(function* () {
        const other = yield* Sock.tcpSock
        yield* other.bind(["127.0.0.1", 0])
        yield* other.listen()
        const listener = yield* Sock.tcpSock
        const listenAt = (address: AddressInput) => Effect.zipRight(listener.bind(address), listener.listen())
        const refused = yield* Effect.flip(listenAt(yield* other.getsockname))
        assert.propertyVal(refused, "code", "EADDRINUSE")
        yield* listenAt(["127.0.0.1", 0])
        assert.propertyVal(yield* Effect.flip(listener.bind(["127.0.0.1", 0])), "code", "EINVAL")
        assert.notDeepEqual(yield* listener.getsockname, yield* other.getsockname)
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("SH-39 falls back to the portable sockets where there is no addon (portable)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* program, expected)
    }).pipe(Effect.provide(NativeSockets.layer.pipe(Layer.catchAll(() => PortableSockets.layer))))
  )
})

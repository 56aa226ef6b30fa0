import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { NativeSockets, PortableSockets, Sock, SocketAddress } from "../src/index.js"
import { IPPROTO, MSG, SHUT, SO, SOL, TCP } from "../src/SocketConstants.js"

type Observations = Effect.Effect<ReadonlyArray<unknown>, unknown, Sock.Sockets | Scope.Scope>

const bytes = (...values: ReadonlyArray<number>) => new Uint8Array(values)
const filled = (length: number) => new Uint8Array(length).fill(5)

/** What an operation comes to: an error's code or tag, or the value. */
const told = <A, R>(effect: Effect.Effect<A, { readonly _tag: string; readonly code?: string | undefined }, R>) =>
  Effect.match(effect, { onFailure: (error) => error.code ?? error._tag, onSuccess: (value) => value })

const listening = Effect.gen(function* () {
  const listener = yield* Sock.tcpSock
  yield* listener.bind(["127.0.0.1", 0])
  yield* listener.listen(10)
  return listener
})

const connectedTo = (listener: Sock.Sock) =>
  Effect.gen(function* () {
    const client = yield* Sock.tcpSock
    yield* client.connect(yield* listener.getsockname)
    return client
  })

const pair = Effect.gen(function* () {
  const listener = yield* listening
  const client = yield* connectedTo(listener)
  const [server] = yield* listener.accept
  return [client, server] as const
})

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sockets-test-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

const programs: Readonly<Record<string, Observations>> = {
  "SH-4 SH-5 SH-15 SH-16 a new socket": Effect.gen(function* () {
    const one = yield* Sock.tcpSock
    const names = [yield* one.getsockname, yield* told(one.getpeername), one.domain, one.type]
    yield* one.close
    yield* one.close
    return [...names, one.fd, yield* one.fileno, yield* told(one.getsockname), yield* Sock.getLiveSockets]
  }),
  "SH-6 SH-7 acceptMany takes what is there": Effect.gen(function* () {
    const listener = yield* listening
    const none = yield* listener.acceptNow
    yield* Effect.replicateEffect(connectedTo(listener), 3)
    const first = yield* listener.acceptMany(2)
    const rest = yield* listener.acceptMany(5)
    return [none._tag, first.length, rest.length, rest[0]?.[0].type]
  }),
  "SH-8 SH-9 SH-10 addresses that are none": Effect.gen(function* () {
    const tcp = yield* Sock.tcpSock
    const unix = yield* Sock.unixSock
    return [
      yield* told(tcp.bind("path")),
      yield* told(tcp.bind(["::1", 1])),
      yield* told(tcp.bind(["127.0.0.1", 65_536])),
      yield* told(tcp.connectAddr(["localhost", 80])),
      yield* told(tcp.connect(["127.0.0.1", 0])),
      yield* told(unix.bind(["127.0.0.1", 1])),
      yield* told(unix.bind(`/tmp/${"a".repeat(200)}`)),
      yield* told(unix.connect("/nothing/is/here"))
    ]
  }),
  "SH-10 SH-20 connecting and listening where that is an error": Effect.gen(function* () {
    const listener = yield* listening
    const address = yield* listener.getsockname
    const client = yield* connectedTo(listener)
    const other = yield* Sock.tcpSock
    const before = [
      yield* told(client.connect(address)),
      yield* told(listener.recv(1)),
      yield* told(other.recv(1)),
      yield* told(other.shutdown(SHUT.WR)),
      yield* told(client.shutdown(7)),
      yield* told(other.accept)
    ]
    yield* listener.close
    return [...before, yield* told(other.connect(address)), yield* told(listener.accept)]
  }),
  "SH-11 SH-12 SH-13 closing wakes who waits; a second who waits is busy": Effect.gen(function* () {
    const [client, server] = yield* pair
    const listener = yield* listening
    const waiting: ReadonlyArray<Fiber.Fiber<unknown>> = [
      yield* Effect.fork(told(client.recv(1))),
      yield* Effect.fork(told(server.recv(1))),
      yield* Effect.fork(told(listener.accept))
    ]
    yield* Effect.yieldNow()
    const busy = [yield* told(client.recv(1)), yield* told(listener.accept)]
    yield* client.close
    yield* listener.close
    return [busy, yield* Fiber.join(Fiber.all(waiting)), yield* told(client.send(bytes(1)))]
  }),
  "SH-17 SH-18 options": Effect.gen(function* () {
    const [client] = yield* pair
    const udp = yield* Sock.udpSock
    yield* client.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1)
    yield* client.setReuseAddr
    yield* udp.setsockopt(SOL.SOCKET, SO.BROADCAST, 1)
    return [
      yield* client.getsockopt(IPPROTO.TCP, TCP.NODELAY),
      yield* client.getsockopt(SOL.SOCKET, SO.REUSEADDR),
      yield* client.getsockopt(SOL.SOCKET, SO.TYPE, 4),
      yield* client.getsockopt(SOL.SOCKET, SO.KEEPALIVE),
      yield* client.getsockopt(SOL.SOCKET, SO.LINGER, 8),
      yield* told(client.setsockopt(SOL.SOCKET, SO.LINGER, bytes(1))),
      yield* told(client.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1.5)),
      yield* udp.getsockopt(SOL.SOCKET, SO.BROADCAST)
    ]
  }),
  "SH-21 makefile reads and writes lines": Effect.gen(function* () {
    const [client, server] = yield* pair
    const out = yield* client.makefile("w")
    const incoming = yield* server.makefile("r")
    yield* Stream.run(Stream.make("one\n", "two\nthr", "ee"), out.sink)
    yield* client.shutdown(SHUT.WR)
    return Chunk.toReadonlyArray(yield* Stream.runCollect(incoming.stream))
  }),
  "SH-22 SH-23 SH-24 receiving": Effect.gen(function* () {
    const [client, server] = yield* pair
    yield* client.send(bytes(1, 2, 3, 4, 5))
    yield* client.shutdown(SHUT.WR)
    yield* server.waitForRead
    const buffer = new Uint8Array(4)
    const got = [
      yield* server.recv(0),
      yield* server.recv(2, MSG.PEEK),
      yield* server.recv(1),
      yield* server.recvInto(buffer, { nbytes: 2 }),
      buffer,
      yield* told(server.recvInto(buffer, { nbytes: 9 })),
      yield* told(server.recv(-1)),
      (yield* server.recvfrom(1))[0]
    ]
    const error = yield* Effect.flip(server.recvExact(3))
    return [
      ...got,
      error._tag === "EndOfFile" ? error.partial : error._tag,
      yield* server.recv(1),
      yield* server.waitForRead
    ]
  }),
  "SH-22 with MSG_DONTWAIT": Effect.gen(function* () {
    const [client, server] = yield* pair
    const nothing = yield* told(server.recv(1, MSG.DONTWAIT))
    const sent = yield* client.send(bytes(1), MSG.DONTWAIT)
    yield* server.waitForRead
    return [nothing, sent, yield* server.recv(1, MSG.DONTWAIT)]
  }),
  "SH-26 SH-27 readv and writev": Effect.gen(function* () {
    const [client, server] = yield* pair
    const totals = [yield* client.writev([filled(5), filled(3), filled(0), filled(6)]), yield* client.writev([])]
    yield* client.shutdown(SHUT.WR)
    const pieces = yield* server.readv([5, 5, 3, 7])
    return [totals, pieces, yield* server.readv([5, 2, 8]), yield* server.readv([])]
  }),
  "SH-28 a peer that is gone": Effect.gen(function* () {
    const [client, server] = yield* pair
    yield* client.send(bytes(1))
    yield* server.recvExact(1)
    yield* server.send(bytes(2))
    yield* server.close
    const got = [yield* client.recvExact(1), yield* client.recv(1)]
    const failure = yield* Effect.flip(Effect.forever(client.send(bytes(3))))
    return [...got, yield* told(Effect.fail(failure)), yield* client.recv(1)]
  }),
  "SH-30 shutting down": Effect.gen(function* () {
    const [client, server] = yield* pair
    yield* client.shutdown(SHUT.WR)
    const end = yield* server.recv(1)
    yield* server.send(bytes(7))
    const still = yield* client.recv(1)
    const broken = yield* told(client.send(bytes(1)))
    yield* client.shutdown(SHUT.RD)
    return [end, still, broken, yield* client.recv(1)]
  }),
  "SH-25 SH-29 datagrams": Effect.gen(function* () {
    const receiver = yield* Sock.udpSock
    yield* receiver.bind(["127.0.0.1", 0])
    const address = yield* receiver.getsockname
    const sender = yield* Sock.udpSock
    const errors = [
      yield* told(sender.send(bytes(1))),
      yield* told(sender.sendto(filled(70_000), address)),
      yield* told(sender.getpeername),
      yield* told(receiver.recv(1, MSG.DONTWAIT)),
      yield* told(receiver.bind(["127.0.0.1", 0])),
      yield* told(receiver.listen(1))
    ]
    yield* sender.sendto(bytes(), address)
    yield* sender.connect(address)
    const sent = [yield* sender.send(bytes(1, 2, 3)), yield* sender.writev([bytes(4), bytes(5, 6)])]
    const got = [
      (yield* receiver.recvfrom(9))[0],
      yield* receiver.recv(2, MSG.PEEK),
      yield* receiver.recv(2),
      yield* receiver.recv(9)
    ]
    const [, from] = yield* Effect.zipRight(sender.send(bytes(7)), receiver.recvfrom(9))
    const local = yield* sender.getsockname
    return [
      ...errors,
      ...sent,
      ...got,
      SocketAddress.format(from) === SocketAddress.format(local),
      (yield* sender.getpeername)._tag
    ]
  }),
  "SH-25 SH-29 many datagrams at once": Effect.gen(function* () {
    const receiver = yield* Sock.udpSock
    yield* receiver.bind(["127.0.0.1", 0])
    const address = yield* receiver.getsockname
    const sender = yield* Sock.udpSock
    const sizes = [3, 0, 1, 1200]
    const buffers = Array.from({ length: 9 }, () => new Uint8Array(100))
    const results = [
      yield* told(sender.sendmmsg([bytes(1)])),
      yield* told(sender.sendmmsg([bytes(1)], ["::1", 1])),
      yield* told(sender.sendmmsg([bytes(1), filled(70_000), bytes(2)], address)),
      yield* sender.sendmmsg([], address),
      yield* sender.sendmmsg(sizes.map(filled), address),
      yield* told((yield* Sock.tcpSock).sendmmsg([])),
      yield* told((yield* Sock.tcpSock).recvmmsg(buffers)),
      yield* told(receiver.recvmmsg([])),
      yield* told(receiver.recvmmsg([filled(0)]))
    ]
    yield* sender.connect(address)
    const connected = yield* sender.sendmmsg([bytes(9), bytes()])
    const received: Array<number> = []
    while (received.length < 7) received.push(...(yield* receiver.recvmmsg(buffers)).map(([count]) => count))
    return [...results, connected, received]
  }),
  "SH-9 SH-16 Unix sockets": Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const file = path.join(directory, "socket")
    const listener = yield* Sock.unixSock
    const unbound = yield* told(listener.listen())
    yield* listener.bind(file)
    yield* listener.listen()
    const client = yield* Sock.unixSock
    yield* client.connect(file)
    const [server, peer] = yield* listener.accept
    const other = yield* Sock.unixSock
    const inUse = yield* told(Effect.zipRight(other.bind(file), other.listen()))
    const names = [yield* client.getsockname, (yield* client.getpeername)._tag, (yield* server.getsockname)._tag, peer]
    yield* client.send(bytes(1))
    yield* client.close
    return [unbound, inUse, ...names, yield* server.recv(9), yield* server.recv(9)]
  })
}

describe("both kinds of sockets do the same", () => {
  for (const [title, program] of Object.entries(programs)) {
    it.live(`SH-39 ${title} (native) (portable)`, () =>
      Effect.gen(function* () {
        const native = yield* Effect.provide(Effect.scoped(program), NativeSockets.layer)
        const portable = yield* Effect.provide(Effect.scoped(program), PortableSockets.layer)
        assert.deepStrictEqual(portable, native)
      })
    )
  }
})

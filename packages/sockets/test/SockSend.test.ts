import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { Sock } from "../src/index.js"
import { AF, MSG, SHUT, SO, SOCK, SOL } from "../src/SocketConstants.js"
import { both, bytes, connected, freshPath, native, pattern, settled, text } from "./support/suite.js"

const pieces = (lengths: ReadonlyArray<number>) => {
  const data = pattern(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  return [data, lengths.map((length) => data.subarray(at, (at += length)))] as const
}

/** Where an IP socket is. */
const inetOf = (sock: Sock.Sock) =>
  Effect.filterOrDieMessage(sock.getsockname, (address) => address._tag === "InetAddress", "not an IP address")

/** A UDP socket that is connected to another. */
const udpPair = Effect.gen(function* () {
  const server = yield* Sock.udpSock
  yield* server.bind(["127.0.0.1", 0])
  const client = yield* Sock.udpSock
  yield* client.connect(yield* server.getsockname)
  return [client, server] as const
})

describe("send", () => {
  both(
    "SH-28 send loops until all is sent, to a reader that takes its time; sendall and write are the same",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const data = pattern(4 * 1024 * 1024)
      const sending = yield* Effect.fork(client.send(data))
      yield* settled
      assert.deepStrictEqual(yield* server.recvExact(data.length), data)
      assert.strictEqual(yield* Fiber.join(sending), data.length)
      assert.strictEqual(yield* client.sendall(bytes("abc")), 3)
      assert.strictEqual(yield* client.write(bytes("de")), 2)
      assert.strictEqual(text(yield* server.recvExact(5)), "abcde")
    })
  )

  both(
    "SH-28 nothing is sent as 0, and no data at all is a typed error",
    Effect.gen(function* () {
      const [client] = yield* connected()
      assert.strictEqual(yield* client.send(new Uint8Array(0)), 0)
      // @ts-expect-error: as a caller without types may
      const failure = yield* Effect.flip(client.send("text"))
      assert.propertyVal(failure, "_tag", "InvalidArgument")
    })
  )

  both(
    "SH-28 MSG.DONTWAIT sends what fits, then fails instead of waiting",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const piece = pattern(256 * 1024)
      let sent = 0
      const failure = yield* Effect.flip(
        Effect.forever(Effect.map(client.send(piece, MSG.DONTWAIT), (count) => (sent += count)))
      )
      assert.propertyVal(failure, "code", "EAGAIN")
      assert.isAbove(sent, 0)
      yield* client.shutdown(SHUT.WR)
      let received = 0
      for (let data = yield* server.recv(65536); data.length > 0; data = yield* server.recv(65536)) {
        received += data.length
      }
      assert.strictEqual(received, sent)
    })
  )

  native(
    "SH-28 nothing goes between the bytes of a send that waits",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const data = pattern(1024 * 1024)
      const sending = yield* Effect.fork(one.send(data))
      yield* settled
      assert.propertyVal(yield* Effect.flip(one.send(bytes("x"))), "_tag", "SocketBusy")
      assert.propertyVal(yield* Effect.flip(one.writev([bytes("x")])), "_tag", "SocketBusy")
      // Some room, of which the one that waits has not heard yet.
      yield* two.recv(200_000)
      assert.propertyVal(yield* Effect.flip(one.send(bytes("x"), MSG.DONTWAIT)), "code", "EAGAIN")
      yield* Fiber.interrupt(sending)
    })
  )

  native(
    "SH-28 data that was transferred while it was being sent is a typed error",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const data = pattern(4 * 1024 * 1024)
      const sending = yield* Effect.fork(Effect.flip(one.send(data)))
      yield* settled
      structuredClone(data, { transfer: [data.buffer] })
      yield* two.recv(200_000)
      assert.propertyVal(yield* Fiber.join(sending), "_tag", "InvalidArgument")
    })
  )

  both(
    "SH-12 SH-28 who sends to an end that is gone is told EPIPE or ECONNRESET, in the end",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* server.close
      const failure = yield* Effect.flip(Effect.forever(client.send(bytes("anybody?"))))
      assert.include(["EPIPE", "ECONNRESET"], failure._tag === "SocketFault" ? failure.code : failure._tag)
    })
  )
})

describe("writev", () => {
  both(
    "SH-27 writev of 5, 3, 7, 8 sends 23, in order",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const [data, parts] = pieces([5, 3, 7, 8])
      assert.strictEqual(yield* client.writev(parts), 23)
      assert.deepStrictEqual(yield* server.recvExact(23), data)
      assert.strictEqual(yield* client.writev([]), 0)
      assert.strictEqual(yield* client.writev([new Uint8Array(0)]), 0)
    })
  )

  native(
    "SH-27 writev goes on where the system took a part, through tiny buffers",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      yield* one.setsockopt(SOL.SOCKET, SO.SNDBUF, 1)
      yield* two.setsockopt(SOL.SOCKET, SO.RCVBUF, 1)
      const [data, parts] = pieces([5, 3, 7, 8, 0, 100_000, 1, 70_000, 23])
      const sending = yield* Effect.fork(one.writev(parts))
      assert.deepStrictEqual(yield* two.recvExact(data.length), data)
      assert.strictEqual(yield* Fiber.join(sending), data.length)
    })
  )

  both(
    "SH-27 writev of more pieces than the system takes at once sends them all",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const [data, parts] = pieces(Array.from({ length: 5000 }, (_, index) => index % 7))
      const receiving = yield* Effect.fork(server.recvExact(data.length))
      assert.strictEqual(yield* client.writev(parts), data.length)
      assert.deepStrictEqual(yield* Fiber.join(receiving), data)
    })
  )
})

describe("writev of datagrams", () => {
  const sent = (pair: Effect.Effect<readonly [Sock.Sock, Sock.Sock], unknown, Sock.Sockets | Scope.Scope>) =>
    Effect.gen(function* () {
      const [one, two] = yield* pair
      const [data, parts] = pieces(Array.from({ length: 3000 }, (_, index) => index % 3))
      assert.strictEqual(yield* one.writev(parts), data.length)
      assert.strictEqual(yield* one.writev([]), 0)
      assert.strictEqual(yield* one.writev([bytes("a"), bytes("b")]), 2)
      assert.deepStrictEqual(yield* two.recv(65_536), data)
      assert.strictEqual((yield* two.recv(65_536)).length, 0)
      assert.strictEqual(text(yield* two.recv(65_536)), "ab")
    })

  both("SH-27 pieces are one datagram, however many they are, and none an empty one", sent(udpPair))

  for (const type of ["DGRAM", "SEQPACKET"] as const) {
    native(`SH-27 so they are on a Unix socket of ${type}`, sent(Sock.socketpair(AF.UNIX, SOCK[type])))
  }
})

describe("shutdown", () => {
  for (const domain of [AF.INET, AF.INET6]) {
    both(
      `SH-30 after shutdown of writing the other end sees the end and can still send (domain ${domain})`,
      Effect.gen(function* () {
        const [client, server] = yield* connected(domain)
        const echo = Effect.gen(function* () {
          for (let data = yield* server.recv(100); data.length > 0; data = yield* server.recv(100))
            yield* server.send(data)
          yield* server.shutdown(SHUT.WR)
        })
        yield* Effect.fork(echo)
        yield* client.send(bytes("there and back"))
        yield* client.shutdown(SHUT.WR)
        assert.strictEqual(text(yield* client.recvExact(14)), "there and back")
        assert.strictEqual((yield* client.recv(1)).length, 0)
        assert.propertyVal(yield* Effect.flip(client.send(bytes("x"))), "code", "EPIPE")
      })
    )
  }

  both(
    "SH-30 shutdown of reading wakes who receives with the end; a wrong direction is an error",
    Effect.gen(function* () {
      const [client] = yield* connected()
      const waiting = yield* Effect.fork(client.recv(1))
      yield* settled
      yield* client.shutdown(SHUT.RD)
      assert.strictEqual((yield* Fiber.join(waiting)).length, 0)
      assert.propertyVal(yield* Effect.flip(client.shutdown(17)), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(client.shutdown(0.5)), "_tag", "InvalidArgument")
    })
  )

  const shut = (pair: Effect.Effect<readonly [Sock.Sock, Sock.Sock], unknown, Sock.Sockets | Scope.Scope>) =>
    Effect.gen(function* () {
      const [one, two] = yield* pair
      const waiting = yield* Effect.fork(one.recv(1))
      yield* settled
      yield* one.shutdown(SHUT.RD)
      assert.strictEqual((yield* Fiber.join(waiting)).length, 0)
      assert.strictEqual(yield* one.waitForRead, 0)
      const buffer = new Uint8Array(4)
      assert.strictEqual(yield* one.recvInto(buffer), 0)
      assert.strictEqual((yield* one.recv(1, MSG.DONTWAIT)).length, 0)
      assert.strictEqual((yield* one.recvfrom(1))[0].length, 0)
      assert.strictEqual((yield* one.recvfromInto(buffer))[0], 0)
      assert.deepStrictEqual(
        (yield* one.recvmmsg([buffer, buffer])).map(([count]) => count),
        [0]
      )
      yield* one.send(bytes("out"))
      assert.strictEqual(text(yield* two.recv(4)), "out")
    })

  both("SH-30 shutdown of reading ends receives of datagrams, and nothing goes round and round", shut(udpPair))
  native(
    "SH-30 so it does those of Unix datagrams",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      yield* shut(Effect.succeed([one, two] as const))
      assert.strictEqual((yield* one.recvSegments(new Uint8Array(4))).count, 0)
    })
  )

  native(
    "SH-30 shutdown of what is not connected is an error",
    Effect.gen(function* () {
      const sock = yield* Sock.tcpSock
      assert.propertyVal(yield* Effect.flip(sock.shutdown(SHUT.RDWR)), "code", "ENOTCONN")
    })
  )
})

describe("sendto", () => {
  native(
    "SH-29 Unix datagrams go by path, and answers come back",
    Effect.gen(function* () {
      const [here, there] = [yield* freshPath(), yield* freshPath()]
      const one = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      const two = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* one.bind(here)
      yield* two.bind(there)
      assert.strictEqual(yield* one.sendto(bytes("ping"), there), 4)
      const [data, from] = yield* two.recvfrom(100)
      assert.deepStrictEqual([text(data), from], ["ping", { _tag: "UnixAddress", path: here }])
      yield* two.sendto(bytes("pong"), from)
      assert.strictEqual(text((yield* one.recvfrom(100))[0]), "pong")
    })
  )

  both(
    "SH-29 an address that its owner changes is the one that it is then",
    Effect.gen(function* () {
      const [here, there] = [yield* Sock.udpSock, yield* Sock.udpSock]
      for (const sock of [here, there]) yield* sock.bind(["127.0.0.1", 0])
      const to = { ...(yield* inetOf(here)) }
      const sender = yield* Sock.udpSock
      yield* sender.sendto(bytes("here"), to)
      to.port = (yield* inetOf(there)).port
      yield* sender.sendto(bytes("there"), to)
      assert.strictEqual(text(yield* here.recv(100)), "here")
      assert.strictEqual(text(yield* there.recv(100)), "there")
    })
  )

  native(
    "SH-29 a Unix datagram of more than 256 KiB arrives whole",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      const size = 300 * 1024
      yield* one.setsockopt(SOL.SOCKET, SO.SNDBUF, 512 * 1024)
      const room = yield* one.getsockopt(SOL.SOCKET, SO.SNDBUF)
      const data = pattern(Math.min(size, Math.floor(room / 2)))
      assert.strictEqual(yield* one.send(data), data.length)
      assert.deepStrictEqual(yield* two.recv(1024 * 1024), new Uint8Array(data))
    })
  )

  both(
    "SH-29 too large a datagram is the system's error",
    Effect.gen(function* () {
      const sock = yield* Sock.udpSock
      const failure = yield* Effect.flip(sock.sendto(new Uint8Array(70_000), ["127.0.0.1", 9]))
      assert.propertyVal(failure, "code", "EMSGSIZE")
    })
  )

  native(
    "SH-29 sequenced packets keep their bounds, and end",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.SEQPACKET)
      yield* one.send(bytes("first"))
      yield* one.writev([bytes("sec"), bytes("ond")])
      assert.strictEqual(text(yield* two.recv(3)), "fir")
      assert.strictEqual(text(yield* two.recv(100)), "second")
      yield* one.close
      assert.strictEqual((yield* two.recv(100)).length, 0)
    })
  )
})

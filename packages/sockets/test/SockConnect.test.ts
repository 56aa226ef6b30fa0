import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { Sock } from "../src/index.js"
import { InetAddress } from "../src/SocketAddress.js"
import { AF, SO, SOCK, SOL } from "../src/SocketConstants.js"
import { both, bytes, connected, freshPath, listening, native, settled, text } from "./support/suite.js"

/** Where datagrams may not go without SO_BROADCAST. */
const nowhere = InetAddress("255.255.255.255", 9)

/** An address of this machine where nobody listens. */
const nobody = Effect.scoped(Effect.map(listening(), ([, address]) => address))

describe("connect", () => {
  both(
    "SH-10 a refused connection is an error that names the address",
    Effect.gen(function* () {
      const client = yield* Sock.tcpSock
      const failure = yield* Effect.flip(client.connect(yield* nobody))
      assert.propertyVal(failure, "code", "ECONNREFUSED")
      assert.include(failure.message, "127.0.0.1:")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).connect(yield* freshPath())), "code", "ENOENT")
    })
  )

  both(
    "SH-10 an address that cannot be reached is ENETUNREACH, and leaves no descriptor",
    Effect.gen(function* () {
      const before = fs.readdirSync("/proc/self/fd").length
      const attempt = Effect.gen(function* () {
        const client = yield* Sock.tcpSock
        // Linux sends no TCP to a broadcast address, whatever routes there are (tcp_v4_connect).
        return yield* Effect.flip(client.connect(["255.255.255.255", 80]))
      })
      const failure = yield* Effect.scoped(attempt)
      assert.include(failure, { _tag: "SocketFault", code: "ENETUNREACH", address: "255.255.255.255:80" })
      assert.strictEqual(fs.readdirSync("/proc/self/fd").length, before)
    })
  )

  native(
    "SH-10 connecting twice, and to a file that is no socket, are errors",
    Effect.gen(function* () {
      const [client] = yield* connected()
      assert.propertyVal(yield* Effect.flip(client.connect(yield* client.getpeername)), "code", "EISCONN")
      const path = yield* freshPath()
      fs.writeFileSync(path, "")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).connect(path)), "code", "ECONNREFUSED")
    })
  )

  native(
    "SH-10 a full backlog of a Unix listener is EAGAIN, and not taken for a connection in progress",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const listener = yield* Sock.unixSock
      yield* listener.bind(path)
      yield* listener.listen(0)
      yield* (yield* Sock.unixSock).connect(path)
      const second = yield* Sock.unixSock
      const failure = yield* Effect.flip(second.connect(path))
      assert.propertyVal(failure, "code", "EAGAIN")
      yield* listener.accept
      yield* second.connect(path)
    })
  )

  native(
    "SH-10 a connection to itself is refused, and the socket closed",
    Effect.gen(function* () {
      const address = yield* nobody
      const client = yield* Sock.tcpSock
      yield* client.bind(address)
      const failure = yield* Effect.flip(client.connect(address))
      assert.propertyVal(failure, "code", "ECONNREFUSED")
      assert.strictEqual(client.fd, -1)
    })
  )

  native(
    "SH-10 SH-13 a connect that waits can be interrupted, has no second one beside it, and close wakes it",
    Effect.gen(function* () {
      // The queue of a listener that nobody accepts from is full after its second connection: the next one waits.
      const [, address] = yield* listening(AF.INET, 0)
      const begin = Effect.gen(function* () {
        const sock = yield* Sock.tcpSock
        const fiber = yield* Effect.fork(Effect.either(sock.connect(address)))
        yield* settled
        return { sock, fiber, isConnected: Either.isRight(yield* Effect.either(sock.getpeername)) }
      })
      let { fiber, isConnected, sock } = yield* begin
      while (isConnected) ({ fiber, isConnected, sock } = yield* begin)
      assert.propertyVal(yield* Effect.flip(sock.connect(address)), "_tag", "SocketBusy")
      assert.propertyVal(yield* Effect.flip(sock.send(bytes("x"))), "_tag", "SocketBusy")
      yield* Fiber.interrupt(fiber)
      assert.propertyVal(yield* Effect.flip(sock.getpeername), "code", "ENOTCONN")
      const timedOut = yield* Effect.flip(Effect.timeout(sock.connect(address), "20 millis"))
      assert.propertyVal(timedOut, "_tag", "TimeoutException")
      const closing = yield* Effect.fork(Effect.flip(sock.connect(address)))
      yield* settled
      yield* sock.close
      assert.propertyVal(yield* Fiber.join(closing), "_tag", "SocketClosed")
    })
  )

  native(
    "SH-10 SH-29 a connected datagram socket sends to its peer, and hears that nobody is there",
    Effect.gen(function* () {
      const server = yield* Sock.udpSock
      yield* server.bind(["127.0.0.1", 0])
      const client = yield* Sock.udpSock
      yield* client.connect(yield* server.getsockname)
      yield* client.send(bytes("to the peer"))
      assert.strictEqual(text(yield* server.recv(100)), "to the peer")
      yield* server.close
      yield* client.send(bytes("x"))
      assert.propertyVal(yield* Effect.flip(client.recv(1)), "code", "ECONNREFUSED")
    })
  )

  both(
    "SH-10 a datagram socket may be connected again, one after the other and at once; the last that succeeds counts",
    Effect.gen(function* () {
      const servers = yield* Effect.replicateEffect(Sock.udpSock, 3)
      for (const server of servers) yield* server.bind(["127.0.0.1", 0])
      const [first, second, third] = yield* Effect.forEach(servers, ({ getsockname }) => getsockname)
      const client = yield* Sock.udpSock
      for (const address of [first, second, first]) yield* client.connect(address ?? nowhere)
      assert.deepStrictEqual(yield* client.getpeername, first)
      const all = [second, nowhere, third].map((address) => Effect.either(client.connect(address ?? nowhere)))
      const [one, refused, other] = yield* Effect.all(all, { concurrency: "unbounded" })
      assert.deepStrictEqual([one, other], [Either.void, Either.void])
      assert.propertyVal(
        Option.getOrThrow(Option.flatMap(Option.fromNullable(refused), Either.getLeft)),
        "code",
        "EACCES"
      )
      assert.deepStrictEqual(yield* client.getpeername, third)
    })
  )

  both(
    "SH-10 SH-11 SH-29 a datagram socket that is closed at once with a connect or a send leaves nobody waiting",
    Effect.gen(function* () {
      const server = yield* Sock.udpSock
      yield* server.bind(["127.0.0.1", 0])
      const address = yield* server.getsockname
      const begun: ReadonlyArray<(client: Sock.Sock) => Effect.Effect<unknown, unknown>> = [
        (client) => client.connect(address),
        (client) => client.sendto(bytes("x"), address)
      ]
      for (const begin of begun) {
        const client = yield* Sock.udpSock
        yield* client.bind(["127.0.0.1", 0])
        const fiber = yield* Effect.fork(Effect.exit(begin(client)))
        yield* Effect.yieldNow()
        yield* client.close
        // Whether it was over by then is the system's; that it is over now is not.
        yield* Fiber.join(fiber)
      }
    })
  )

  native(
    "SH-12 SH-22 a peer's reset is told after what it sent, as an error and once, and then the end",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.setsockopt(SOL.SOCKET, SO.LINGER, new Uint8Array(Int32Array.of(1, 0).buffer))
      yield* client.close
      assert.propertyVal(yield* Effect.flip(server.recv(1)), "code", "ECONNRESET")
      assert.strictEqual((yield* server.recv(1)).length, 0)
    })
  )

  native(
    "SH-10 a thousand connections that are given up leave no descriptor",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const before = fs.readdirSync("/proc/self/fd").length
      const round = Effect.scoped(
        Effect.gen(function* () {
          const client = yield* Sock.tcpSock
          const fiber = yield* Effect.fork(client.connect(address))
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(fiber)
        })
      )
      yield* Effect.repeatN(round, 999)
      yield* Effect.scoped(
        Effect.forever(Effect.scoped(listener.acceptMany())).pipe(Effect.timeout("50 millis"), Effect.ignore)
      )
      assert.strictEqual(fs.readdirSync("/proc/self/fd").length, before)
    })
  )

  native(
    "SH-10 a Unix datagram socket connects by path",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const server = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* server.bind(path)
      const client = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* client.connect(path)
      yield* client.send(bytes("hello"))
      const [data, from] = yield* server.recvfrom(10)
      assert.deepStrictEqual([text(data), from], ["hello", { _tag: "UnixAddress", path: "" }])
    })
  )
})

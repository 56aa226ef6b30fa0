import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { NativeSockets, Sock } from "../src/index.js"
import { load } from "../src/internal/load.js"
import { AF, PF, SHUT, SO, SOCK, SOL } from "../src/SocketConstants.js"
import { both, bytes, connected, freshPath, native, settled, text } from "./support/suite.js"

const openDescriptors = (): number => fs.readdirSync("/proc/self/fd").length

const isOpen = (fd: number): boolean => fs.existsSync(`/proc/self/fd/${fd}`)

describe("making sockets", () => {
  native(
    "SH-1 SH-4 SH-35 every kind of socket is made now, with its domain and type",
    Effect.gen(function* () {
      const made = [
        [yield* Sock.tcpSock, AF.INET, SOCK.STREAM],
        [yield* Sock.tcp6Sock, AF.INET6, SOCK.STREAM],
        [yield* Sock.udpSock, AF.INET, SOCK.DGRAM],
        [yield* Sock.udp6Sock, AF.INET6, SOCK.DGRAM],
        [yield* Sock.unixSock, AF.UNIX, SOCK.STREAM],
        [yield* Sock.sock(), AF.INET, SOCK.STREAM],
        [yield* Sock.sock({ domain: PF.UNIX, type: SOCK.SEQPACKET }), AF.UNIX, SOCK.SEQPACKET],
        [yield* Sock.sock({ type: SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC }), AF.INET, SOCK.STREAM]
      ] as const
      for (const [sock, domain, type] of made) {
        assert.deepStrictEqual([sock.domain, sock.type], [domain, type])
        assert.isTrue(isOpen(sock.fd))
        assert.strictEqual(yield* sock.getsockopt(SOL.SOCKET, SO.TYPE), type)
        assert.match(fs.readFileSync(`/proc/self/fdinfo/${sock.fd}`, "utf8"), /flags:\t02004002/)
      }
    })
  )

  native(
    "SH-1 SH-4 what the system does not make is its error, and wrong arguments are told before",
    Effect.gen(function* () {
      const fault = yield* Effect.flip(Sock.sock({ domain: AF.UNIX, protocol: 99 }))
      assert.propertyVal(fault, "code", "EPROTONOSUPPORT")
      assert.include(fault.message, "sock")
      assert.propertyVal(yield* Effect.flip(Sock.sock({ domain: 250 })), "code", "EAFNOSUPPORT")
      assert.propertyVal(yield* Effect.flip(Sock.sock({ type: 0.5 })), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(Sock.socketpair(AF.INET)), "code", "ENOTSUP")
      assert.propertyVal(yield* Effect.flip(Sock.socketpair(NaN)), "_tag", "InvalidArgument")
    })
  )

  native(
    "SH-2 socketpair gives two connected sockets without names",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      assert.deepStrictEqual([one.domain, one.type], [AF.UNIX, SOCK.STREAM])
      yield* one.send(bytes("pair"))
      assert.strictEqual(text(yield* two.recvExact(4)), "pair")
      assert.deepStrictEqual(yield* one.getpeername, { _tag: "UnixAddress", path: "" })
    })
  )

  native(
    "SH-2 SH-4 a socket tells the type that the system gave it, and behaves as one: of Unix sockets, raw ones are of datagrams",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.RAW)
      const alone = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.RAW })
      for (const sock of [one, two, alone]) {
        assert.strictEqual(sock.type, yield* sock.getsockopt(SOL.SOCKET, SO.TYPE))
        assert.strictEqual(sock.type, SOCK.DGRAM)
      }
      assert.strictEqual(yield* one.sendmmsg([bytes("first"), bytes(""), bytes("third")]), 3)
      assert.strictEqual(text(yield* two.recv(100)), "first")
    })
  )

  both(
    "SH-3 hasIpv6 tells whether an IPv6 socket can be made",
    Effect.gen(function* () {
      const made = yield* Effect.either(Effect.scoped(Sock.tcp6Sock))
      assert.strictEqual(yield* Sock.hasIpv6, Either.isRight(made))
    })
  )
})

describe("the life of a descriptor", () => {
  both(
    "SH-5 SH-15 fd is -1 after close and origFd stays",
    Effect.gen(function* () {
      const [client] = yield* connected()
      const { fd } = client
      assert.isAtLeast(fd, 0)
      assert.strictEqual(yield* client.fileno, fd)
      assert.strictEqual(yield* client.getFileno, fd)
      yield* client.close
      assert.deepStrictEqual([client.fd, client.origFd], [-1, fd])
      assert.strictEqual(yield* client.fileno, -1)
    })
  )

  native(
    "SH-5 SH-11 the scope closes; closing again harms no one who has the number now",
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const sock = yield* Scope.extend(Sock.tcpSock, scope)
      const { fd } = sock
      yield* sock.close
      const [one] = yield* Sock.socketpair()
      assert.strictEqual(one.fd, fd)
      yield* sock.close
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(isOpen(one.fd))
    })
  )

  both(
    "SH-34 getLiveSockets counts sockets whose scope is open, closed and accepted ones, too",
    Effect.gen(function* () {
      assert.strictEqual(yield* Sock.getLiveSockets, 0)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const [client] = yield* connected()
          assert.strictEqual(yield* Sock.getLiveSockets, 3)
          yield* client.close
          assert.strictEqual(yield* Sock.getLiveSockets, 3)
        })
      )
      assert.strictEqual(yield* Sock.getLiveSockets, 0)
    })
  )

  native(
    "SH-5 SH-34 ten thousand sockets come and go, some waited for, and leave nothing",
    Effect.gen(function* () {
      const handles = () => Either.getOrThrow(load()).live()
      const round = Effect.scoped(
        Effect.gen(function* () {
          const [one, two] = yield* Sock.socketpair()
          const waiting = yield* Effect.fork(one.recv(1))
          yield* Effect.yieldNow()
          yield* two.send(bytes("x"))
          yield* Fiber.join(waiting)
          yield* Effect.fork(two.recv(1))
          yield* Effect.yieldNow()
        })
      )
      yield* Effect.repeatN(round, 10)
      const before = [openDescriptors(), handles()]
      yield* Effect.repeatN(round, 5000)
      assert.deepStrictEqual([openDescriptors(), handles()], before)
    })
  )
})

describe("dup", () => {
  native(
    "SH-14 dup is another descriptor of the same socket; one stays open when the other is closed",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const copy = yield* one.dup
      assert.deepStrictEqual([copy.domain, copy.type], [one.domain, one.type])
      assert.notStrictEqual(copy.fd, one.fd)
      yield* one.close
      yield* copy.send(bytes("still"))
      assert.strictEqual(text(yield* two.recvExact(5)), "still")
      yield* copy.close
      assert.strictEqual((yield* two.recv(1)).length, 0)
      assert.propertyVal(yield* Effect.flip(one.dup), "_tag", "SocketClosed")
    })
  )

  native(
    "SH-14 two descriptors of one socket can each be waited for",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const copy = yield* one.dup
      const waiting = yield* Effect.all([Effect.fork(one.waitForRead), Effect.fork(copy.waitForRead)])
      yield* settled
      yield* two.send(bytes("both"))
      assert.deepStrictEqual(yield* Effect.forEach(waiting, Fiber.join), [4, 4])
    })
  )
})

describe("descriptors of others", () => {
  native(
    "SH-33 fdSock and fileSock own a descriptor and close it once: sockets, pipes",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const path = yield* freshPath("pipe")
      execFileSync("mkfifo", [path])
      const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pipe = yield* Sock.fileSock({ fd })
          assert.deepStrictEqual([pipe.fd, pipe.domain, pipe.type], [fd, AF.UNSPEC, 0])
          yield* pipe.send(bytes("through a pipe"))
          assert.strictEqual(yield* pipe.waitForRead, 14)
          assert.strictEqual(text(yield* pipe.recvExact(14)), "through a pipe")
          assert.propertyVal(yield* Effect.flip(pipe.getsockopt(SOL.SOCKET, SO.TYPE)), "code", "ENOTSOCK")
          assert.propertyVal(yield* Effect.flip(pipe.bind("x")), "_tag", "InvalidAddress")
        })
      )
      assert.isFalse(isOpen(fd))
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(one.fd)), "code", "EBUSY")
      yield* one.send(bytes("ok"))
      assert.strictEqual(text(yield* two.recvExact(2)), "ok")
    })
  )

  native(
    "SH-4 SH-33 an adopted socket knows its domain and type",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      yield* one.sendFds(bytes("x"), [two.fd])
      const { fds } = yield* two.recvFds(1)
      const [fd = -1] = fds
      const adopted = yield* Sock.fdSock(fd)
      assert.deepStrictEqual([adopted.fd, adopted.domain, adopted.type], [fd, AF.UNIX, SOCK.DGRAM])
      const told = yield* Effect.flip(Sock.sock({ fd, domain: AF.INET }))
      assert.propertyVal(told, "code", "EBUSY")
    })
  )

  native(
    "SH-4 SH-33 an adopted datagram socket is one whatever it was called, keeps its boundaries, and is closed once",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      const before = openDescriptors()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* one.sendFds(bytes("x"), [two.fd])
          const { fds } = yield* two.recvFds(1)
          const [fd = -1] = fds
          const adopted = yield* Sock.sock({ fd, domain: AF.INET, type: SOCK.STREAM | SOCK.NONBLOCK })
          assert.deepStrictEqual([adopted.fd, adopted.domain, adopted.type], [fd, AF.UNIX, SOCK.DGRAM])
          yield* one.send(bytes("first"))
          yield* one.send(bytes("second"))
          assert.deepStrictEqual([text(yield* adopted.recv(100)), text(yield* adopted.recv(100))], ["first", "second"])
          assert.strictEqual(openDescriptors(), before + 1)
        })
      )
      assert.strictEqual(openDescriptors(), before)
    })
  )

  native(
    "SH-33 descriptors that are none, no sockets' and cannot be polled, are typed errors and stay open",
    Effect.gen(function* () {
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(-1)), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(NaN)), "_tag", "InvalidArgument")
      // @ts-expect-error: as a caller without types may
      assert.propertyVal(yield* Effect.flip(Sock.fileSock({})), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(1.5)), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(1_000_000)), "code", "EBADF")
      const path = yield* freshPath("file")
      fs.writeFileSync(path, "")
      const fd = fs.openSync(path, "r")
      assert.propertyVal(yield* Effect.flip(Sock.fdSock(fd)), "code", "EPERM")
      assert.isTrue(isOpen(fd))
      fs.closeSync(fd)
    })
  )
})

type Operation = readonly [name: string, run: (sock: Sock.Sock) => Effect.Effect<unknown, unknown, Scope.Scope>]

const operations: ReadonlyArray<Operation> = [
  ["bind", (sock) => sock.bind(["127.0.0.1", 0])],
  ["connect", (sock) => sock.connect(["127.0.0.1", 9])],
  ["connectAddr", (sock) => sock.connectAddr(["127.0.0.1", 9])],
  ["listen", (sock) => sock.listen()],
  ["accept", (sock) => sock.accept],
  ["acceptMany", (sock) => sock.acceptMany()],
  ["acceptNow", (sock) => sock.acceptNow],
  ["getsockname", (sock) => sock.getsockname],
  ["getpeername", (sock) => sock.getpeername],
  ["getsockopt", (sock) => sock.getsockopt(SOL.SOCKET, SO.TYPE)],
  ["setsockopt", (sock) => sock.setsockopt(SOL.SOCKET, SO.KEEPALIVE, 1)],
  ["setReuseAddr", (sock) => sock.setReuseAddr],
  ["recv", (sock) => sock.recv(1)],
  ["recv of nothing", (sock) => sock.recv(0)],
  ["read", (sock) => sock.read(1)],
  ["recvExact", (sock) => sock.recvExact(1)],
  ["recvInto", (sock) => sock.recvInto(new Uint8Array(1))],
  ["recvExactInto", (sock) => sock.recvExactInto(new Uint8Array(1))],
  ["recvfrom", (sock) => sock.recvfrom(1)],
  ["recvfromInto", (sock) => sock.recvfromInto(new Uint8Array(1))],
  ["recvmmsg", (sock) => sock.recvmmsg([new Uint8Array(1)])],
  ["readv", (sock) => sock.readv([1])],
  ["readv of nothing", (sock) => sock.readv([])],
  ["send", (sock) => sock.send(bytes("x"))],
  ["send of nothing", (sock) => sock.send(new Uint8Array(0))],
  ["sendall", (sock) => sock.sendall(bytes("x"))],
  ["write", (sock) => sock.write(bytes("x"))],
  ["writev", (sock) => sock.writev([bytes("x")])],
  ["writev of nothing", (sock) => sock.writev([])],
  ["sendto", (sock) => sock.sendto(bytes("x"), ["127.0.0.1", 9])],
  ["sendmmsg", (sock) => sock.sendmmsg([bytes("x")])],
  ["sendmmsg to an address", (sock) => sock.sendmmsg([bytes("x")], ["127.0.0.1", 9])],
  ["sendmmsg of nothing", (sock) => sock.sendmmsg([])],
  ["waitForRead", (sock) => sock.waitForRead],
  ["waitForWrite", (sock) => sock.waitForWrite],
  ["shutdown", (sock) => sock.shutdown(SHUT.RDWR)],
  ["joinGroup", (sock) => sock.joinGroup("239.1.2.3")],
  ["leaveGroup", (sock) => sock.leaveGroup("239.1.2.3")]
]

const nativeOperations: ReadonlyArray<Operation> = [
  ["dup", (sock) => sock.dup],
  ["makefile", (sock) => sock.makefile()],
  ["sendFds", (sock) => sock.sendFds(bytes("x"), [0])],
  ["recvFds", (sock) => sock.recvFds(1)],
  ["peerCredentials", (sock) => sock.peerCredentials],
  ["tcpInfo", (sock) => sock.tcpInfo],
  ["sendSegments", (sock) => sock.sendSegments(bytes("x"), 1)],
  ["recvSegments", (sock) => sock.recvSegments(new Uint8Array(1))]
]

describe("a closed socket", () => {
  const failsClosed = (table: ReadonlyArray<Operation>) =>
    Effect.gen(function* () {
      const [stream] = yield* connected()
      for (const sock of [stream, yield* Sock.udpSock]) {
        yield* sock.close
        for (const [name, run] of table) {
          const failure = yield* Effect.flip(Effect.scoped(run(sock)))
          assert.propertyVal(failure, "_tag", "SocketClosed", name)
        }
        yield* sock.close
      }
    })

  both("SH-11 SH-12 every operation fails with SocketClosed", failsClosed(operations))
  native("SH-11 SH-12 every operation that only the system has fails with SocketClosed", failsClosed(nativeOperations))

  both(
    "SH-11 SH-12 close wakes who receives, sends, accepts and waits, with SocketClosed",
    Effect.gen(function* () {
      const waits: ReadonlyArray<(sock: Sock.Sock) => Effect.Effect<unknown, unknown, Scope.Scope>> = [
        (sock) => sock.recv(1),
        (sock) => sock.recvExact(4),
        (sock) => sock.recvExactInto(new Uint8Array(4)),
        (sock) => sock.readv([1, 2]),
        (sock) => sock.recvfrom(1),
        (sock) => sock.waitForRead,
        (sock) => sock.send(new Uint8Array(8 * 1024 * 1024))
      ]
      for (const wait of waits) {
        const [client] = yield* connected()
        const waiting = yield* Effect.fork(Effect.flip(wait(client)))
        yield* settled
        yield* client.close
        assert.propertyVal(yield* Fiber.join(waiting), "_tag", "SocketClosed")
      }
      const listener = yield* Sock.tcpSock
      yield* listener.bind(["127.0.0.1", 0])
      yield* listener.listen()
      const waiting = yield* Effect.fork(Effect.flip(listener.accept))
      yield* settled
      yield* listener.close
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "SocketClosed")
    })
  )
})

describe("a second waiter", () => {
  both(
    "SH-13 a second fiber that waits in the same direction fails with SocketBusy; the other direction is free",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const waiting = yield* Effect.fork(server.recv(10))
      yield* settled
      const seconds: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        server.recv(1),
        server.recvExact(1),
        server.readv([1]),
        server.recvfrom(1),
        server.waitForRead
      ]
      for (const second of seconds) {
        const failure = yield* Effect.flip(second)
        assert.propertyVal(failure, "_tag", "SocketBusy")
        assert.propertyVal(failure, "direction", "read")
      }
      assert.strictEqual(yield* server.send(bytes("free")), 4)
      assert.strictEqual(text(yield* client.recv(9)), "free")
      yield* client.send(bytes("first"))
      assert.strictEqual(text(yield* Fiber.join(waiting)), "first")
    })
  )

  both(
    "SH-13 a waiter that was interrupted is gone at once",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      for (let i = 0; i < 20; i++) {
        const waiting = yield* Effect.fork(server.recv(10))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(waiting)
        const next = yield* Effect.fork(server.recv(10))
        yield* Effect.yieldNow()
        yield* client.send(bytes("next"))
        assert.strictEqual(text(yield* Fiber.join(next)), "next")
      }
    })
  )

  native(
    "SH-13 one that was interrupted, and still runs its finalizers, is gone too",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const finish = yield* Deferred.make<void>()
      const waiting = yield* Effect.fork(Effect.ensuring(server.recv(10), Deferred.await(finish)))
      yield* settled
      yield* Fiber.interruptFork(waiting)
      yield* settled
      const next = yield* Effect.fork(server.recv(10))
      yield* settled
      yield* client.send(bytes("next"))
      assert.strictEqual(text(yield* Fiber.join(next)), "next")
      yield* Deferred.succeed(finish, undefined)
    })
  )
})

it.live("SH-34 a layer counts its own sockets (native)", () =>
  Effect.gen(function* () {
    const inner = Effect.provide(Effect.zipRight(Sock.tcpSock, Sock.getLiveSockets), NativeSockets.layer)
    assert.strictEqual(yield* Effect.scoped(inner), 1)
    assert.strictEqual(yield* Sock.getLiveSockets, 0)
  }).pipe(Effect.provide(NativeSockets.layer))
)

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { PortableSockets, Sock } from "../src/index.js"
import { AF, IP, IPPROTO, IPV6, MSG, SHUT, SO, SOCK, SOL, TCP } from "../src/SocketConstants.js"
import type { ArgumentError } from "../src/SocketError.js"

const sock = (options?: Sock.SockOptions) => Effect.flatMap(Sock.Sockets, (sockets) => sockets.sock(options))

const live = <A, E>(title: string, test: Effect.Effect<A, E, Sock.Sockets | Scope.Scope>) =>
  it.scopedLive(`${title} (portable)`, () => Effect.provide(test, PortableSockets.layer))

const listening = (domain = AF.INET, ip = "127.0.0.1") =>
  Effect.gen(function* () {
    const listener = yield* sock({ domain })
    yield* listener.bind([ip, 0])
    yield* listener.listen(5)
    return listener
  })

/** Two connected sockets. */
const pair = Effect.gen(function* () {
  const listener = yield* listening()
  const client = yield* sock()
  yield* client.connect(yield* listener.getsockname)
  const [server] = yield* listener.accept
  return [client, server] as const
})

const udp = Effect.gen(function* () {
  const receiver = yield* sock({ type: SOCK.DGRAM })
  yield* receiver.bind(["127.0.0.1", 0])
  const sender = yield* sock({ type: SOCK.DGRAM })
  return [sender, receiver, yield* receiver.getsockname] as const
})

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sockets-test-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** No delay, keep-alive and the idle time of one that is kept alive, as the system has them for the descriptor. */
const toldByPython = (fd: number) =>
  Effect.async<string>((resume) => {
    const script = [
      "import socket",
      "s = socket.socket(fileno=3)",
      "option = lambda level, name: s.getsockopt(level, name)",
      "alive = option(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0",
      "idle = [option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)] if alive else []",
      "print(option(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0, alive, *idle)"
    ].join("\n")
    const python = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit", fd] })
    let output = ""
    python.stdio[1]?.on("data", (text) => (output += String(text)))
    python.on("close", () => resume(Effect.succeed(output.trim())))
  })

const code = (error: { readonly _tag: string }) => ("code" in error ? error.code : error._tag)

describe("streams over node:net", () => {
  live(
    "SH-8 SH-20 a port in use is an error of listen, after which the socket can be used again",
    Effect.gen(function* () {
      const one = yield* listening()
      const address = yield* one.getsockname
      const other = yield* sock()
      yield* other.bind(address)
      assert.deepStrictEqual(yield* other.getsockname, address)
      assert.strictEqual(code(yield* Effect.flip(other.listen())), "EADDRINUSE")
      yield* one.close
      yield* other.listen()
      assert.deepStrictEqual(yield* other.getsockname, address)
    })
  )

  live(
    "SH-8 a client's address is the one it was bound to",
    Effect.gen(function* () {
      const listener = yield* listening()
      const client = yield* sock()
      yield* client.bind(["127.0.0.2", 0])
      yield* client.connect(yield* listener.getsockname)
      const local = yield* client.getsockname
      assert.propertyVal(local, "ip", "127.0.0.2")
      const [, peer] = yield* listener.accept
      assert.deepStrictEqual(peer, local)
    })
  )

  live(
    "SH-9 SH-11 a Unix listener's file is there while it listens, and gone afterwards",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "socket")
      const listener = yield* sock({ domain: AF.UNIX })
      yield* listener.bind(file)
      yield* listener.listen()
      assert.deepStrictEqual(fs.readdirSync(directory), ["socket"])
      const client = yield* sock({ domain: AF.UNIX })
      yield* client.connect(file)
      const [server, peer] = yield* listener.accept
      assert.deepStrictEqual([peer, yield* client.getsockname], [{ _tag: "UnixAddress", path: "" }, peer])
      assert.propertyVal(yield* server.getsockname, "path", file)
      yield* listener.close
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      yield* client.send(new Uint8Array([1]))
      assert.deepStrictEqual(yield* server.recv(10), new Uint8Array([1]))
    })
  )

  live(
    "SH-10 SH-11 close wakes who connects; the socket of an interrupted connect can connect again",
    Effect.gen(function* () {
      const listener = yield* listening()
      const address = yield* listener.getsockname
      const one = yield* sock()
      const connecting = yield* Effect.fork(Effect.flip(one.connect(address)))
      yield* Effect.yieldNow()
      yield* one.close
      assert.strictEqual((yield* Fiber.join(connecting))._tag, "SocketClosed")
      const other = yield* sock()
      const interrupted = yield* Effect.fork(other.connect(address))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(interrupted)
      yield* other.connect(address)
      assert.isAbove(other.fd, 2)
      assert.strictEqual(code(yield* Effect.flip(other.connect(address))), "EISCONN")
    })
  )

  live(
    "SH-17 SH-18 options that Node has are set, before and after connecting, and inherited by accepted sockets",
    Effect.gen(function* () {
      const listener = yield* sock()
      yield* listener.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1)
      yield* listener.setsockopt(SOL.SOCKET, SO.KEEPALIVE, 1)
      yield* listener.setsockopt(IPPROTO.TCP, TCP.KEEPIDLE, 120)
      yield* listener.bind(["127.0.0.1", 0])
      yield* listener.listen()
      const client = yield* sock()
      yield* client.connect(yield* listener.getsockname)
      const [server] = yield* listener.accept
      const options = (of: Sock.Sock) =>
        Effect.all([
          of.getsockopt(IPPROTO.TCP, TCP.NODELAY),
          of.getsockopt(SOL.SOCKET, SO.KEEPALIVE),
          of.getsockopt(IPPROTO.TCP, TCP.KEEPIDLE)
        ])
      assert.deepStrictEqual(yield* options(server), [1, 1, 120])
      assert.deepStrictEqual(yield* options(client), [0, 0, 7200])
      yield* client.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1)
      assert.strictEqual(yield* client.getsockopt(IPPROTO.TCP, TCP.NODELAY), 1)
      assert.strictEqual(yield* client.getsockopt(SOL.SOCKET, SO.TYPE), SOCK.STREAM)
      const tooLong = yield* Effect.flip(client.setsockopt(IPPROTO.TCP, TCP.KEEPIDLE, 40_000))
      assert.strictEqual(code(tooLong), "EINVAL")
    })
  )

  live(
    "SH-18 the system has the options that were set",
    Effect.gen(function* () {
      const [client] = yield* pair
      assert.strictEqual(yield* toldByPython(client.fd), "False False")
      yield* client.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1)
      yield* client.setsockopt(SOL.SOCKET, SO.KEEPALIVE, 1)
      yield* client.setsockopt(IPPROTO.TCP, TCP.KEEPIDLE, 99)
      assert.strictEqual(yield* toldByPython(client.fd), "True True 99")
      yield* client.setsockopt(IPPROTO.TCP, TCP.NODELAY, 0)
      yield* client.setsockopt(SOL.SOCKET, SO.KEEPALIVE, 0)
      assert.strictEqual(yield* toldByPython(client.fd), "False False")
    })
  )

  live(
    "SH-20 a listener holds 64 connections that nobody accepts, and closes more at once",
    Effect.gen(function* () {
      const listener = yield* listening()
      const address = yield* listener.getsockname
      const clients = yield* Effect.forEach(Array.from({ length: 70 }), () =>
        Effect.tap(sock(), (client) => client.connect(address))
      )
      const ends = clients.slice(64).map((client) => Effect.option(client.recv(1)))
      for (const end of yield* Effect.all(ends, { concurrency: "unbounded" })) {
        assert.isTrue(Option.isNone(end) || end.value.length === 0)
      }
      assert.strictEqual((yield* listener.acceptMany()).length, 64)
      assert.isTrue(Option.isNone(yield* listener.acceptNow))
    })
  )

  live(
    "SH-18 IPV6_V6ONLY keeps IPv4 out, and comes too late once it listens",
    Effect.gen(function* () {
      const listener = yield* sock({ domain: AF.INET6 })
      yield* listener.setsockopt(IPPROTO.IPV6, IPV6.V6ONLY, 1)
      yield* listener.bind(["", 0])
      yield* listener.listen()
      const address = yield* listener.getsockname
      if (address._tag !== "InetAddress") return assert.fail("not an IP address")
      assert.strictEqual(code(yield* Effect.flip(listener.setsockopt(IPPROTO.IPV6, IPV6.V6ONLY, 0))), "EINVAL")
      const client = yield* sock()
      assert.strictEqual(code(yield* Effect.flip(client.connect(["127.0.0.1", address.port]))), "ECONNREFUSED")
    })
  )

  live(
    "SH-11 SH-18 SO_LINGER of no time breaks the connection off, which the other end is told once",
    Effect.gen(function* () {
      const [client, server] = yield* pair
      const linger = new Uint8Array(new Int32Array([1, 0]).buffer)
      yield* server.setsockopt(SOL.SOCKET, SO.LINGER, linger)
      assert.deepStrictEqual(yield* server.getsockopt(SOL.SOCKET, SO.LINGER, 8), linger)
      yield* server.close
      assert.strictEqual(code(yield* Effect.flip(client.recv(1))), "ECONNRESET")
      assert.strictEqual((yield* client.recv(1)).length, 0)
      assert.strictEqual(code(yield* Effect.flip(client.send(new Uint8Array(1)))), "EPIPE")
    })
  )

  live(
    "SH-11 bytes that were sent arrive although the socket is closed at once",
    Effect.gen(function* () {
      const [client, server] = yield* pair
      const bytes = new Uint8Array(4 * 1024 * 1024).fill(7)
      yield* Effect.fork(Effect.zipRight(client.send(bytes), client.close))
      const received = yield* server.recvExact(bytes.length)
      assert.deepStrictEqual(received, bytes)
      assert.strictEqual((yield* server.recv(1)).length, 0)
    })
  )

  live(
    "SH-28 a writer against a reader that does not read waits, and neither side holds more than its bounds",
    Effect.gen(function* () {
      const [client, server] = yield* pair
      let sent = 0
      const piece = new Uint8Array(64 * 1024)
      const sending = yield* Effect.fork(Effect.forever(Effect.map(client.send(piece), (count) => (sent += count))))
      // Both ends in one process: the kernel's buffers are the only room besides theirs.
      yield* Effect.iterate(-1, {
        while: (before) => before !== sent,
        body: () =>
          Effect.delay(
            Effect.sync(() => sent),
            50
          )
      })
      const stalled = sent
      assert.isBelow(stalled, 32 * 1024 * 1024)
      yield* Fiber.interrupt(sending)
      yield* client.shutdown(SHUT.WR)
      let received = 0
      while (true) {
        const { length } = yield* server.recv(1024 * 1024)
        if (length === 0) break
        received += length
      }
      assert.isAtLeast(received, stalled)
    })
  )

  live(
    "SH-22 peeking holds nothing back, and what is buffered is readable",
    Effect.gen(function* () {
      const [client, server] = yield* pair
      yield* client.send(new Uint8Array([1, 2, 3]))
      assert.strictEqual(yield* server.waitForRead, 3)
      assert.deepStrictEqual(yield* server.recv(2, MSG.PEEK), new Uint8Array([1, 2]))
      assert.deepStrictEqual(yield* server.recv(9), new Uint8Array([1, 2, 3]))
      assert.strictEqual(yield* client.waitForWrite, 128 * 1024)
    })
  )

  live(
    "SH-30 after a shutdown of both directions nothing is sent and the end is received",
    Effect.gen(function* () {
      const [client, server] = yield* pair
      const receiving = yield* Effect.fork(client.recv(1))
      yield* Effect.yieldNow()
      yield* client.shutdown(SHUT.RDWR)
      assert.strictEqual((yield* Fiber.join(receiving)).length, 0)
      assert.strictEqual(code(yield* Effect.flip(client.send(new Uint8Array(1)))), "EPIPE")
      assert.strictEqual((yield* server.recv(1)).length, 0)
    })
  )
})

describe("datagrams over node:dgram", () => {
  live(
    "SH-17 SH-18 options that Node has are set, before and after binding",
    Effect.gen(function* () {
      const it = yield* sock({ type: SOCK.DGRAM })
      for (const bind of [Effect.void, it.bind(["127.0.0.1", 0])]) {
        yield* bind
        for (const [level, name, value] of [
          [SOL.SOCKET, SO.BROADCAST, 1],
          [IPPROTO.IP, IP.TTL, 9],
          [IPPROTO.IP, IP.MULTICAST_TTL, 3],
          [IPPROTO.IP, IP.MULTICAST_LOOP, 0]
        ] as const) {
          yield* it.setsockopt(level, name, value)
          assert.strictEqual(yield* it.getsockopt(level, name), value)
        }
      }
      yield* it.setsockopt(SOL.SOCKET, SO.RCVBUF, 65_536)
      assert.isAtLeast(yield* it.getsockopt(SOL.SOCKET, SO.RCVBUF), 65_536)
      assert.strictEqual(code(yield* Effect.flip(it.setsockopt(IPPROTO.IP, IP.TTL, 900))), "EINVAL")
    })
  )

  live(
    "SH-29 fibers that send over a socket that is not bound yet share one port",
    Effect.gen(function* () {
      const [sender, receiver, address] = yield* udp
      yield* Effect.all(
        [1, 2, 3].map((size) => sender.sendto(new Uint8Array(size), address)),
        { concurrency: 3 }
      )
      const from = yield* Effect.replicateEffect(receiver.recvfrom(10), 3)
      assert.strictEqual(new Set(from.map(([, peer]) => JSON.stringify(peer))).size, 1)
      assert.sameMembers(
        from.map(([data]) => data.length),
        [1, 2, 3]
      )
    })
  )

  live(
    "SH-25 SH-29 too large a datagram, one to nobody, and one to port 0 are errors; what a port that closed answers is told once",
    Effect.gen(function* () {
      const [sender, receiver, address] = yield* udp
      assert.strictEqual(code(yield* Effect.flip(sender.sendto(new Uint8Array(70_000), address))), "EMSGSIZE")
      assert.strictEqual(code(yield* Effect.flip(sender.send(new Uint8Array(1)))), "EDESTADDRREQ")
      assert.strictEqual(code(yield* Effect.flip(sender.sendto(new Uint8Array(1), ["127.0.0.1", 0]))), "InvalidAddress")
      yield* sender.connect(address)
      assert.deepStrictEqual(yield* sender.getpeername, address)
      yield* receiver.close
      yield* sender.send(new Uint8Array(1))
      assert.strictEqual(code(yield* Effect.flip(sender.recv(1))), "ECONNREFUSED")
    })
  )

  live(
    "SH-25 an empty datagram is one, a long one is cut, and MSG_TRUNC tells how long it was",
    Effect.gen(function* () {
      const [sender, receiver, address] = yield* udp
      yield* sender.sendto(new Uint8Array(0), address)
      yield* sender.sendto(new Uint8Array([1, 2, 3]), address)
      yield* sender.sendto(new Uint8Array([4]), address)
      const [empty] = yield* receiver.recvfrom(10)
      assert.strictEqual(empty.length, 0)
      assert.strictEqual(yield* receiver.waitForRead, 3)
      const [count] = yield* receiver.recvfromInto(new Uint8Array(2), { flags: MSG.TRUNC | MSG.PEEK })
      assert.strictEqual(count, 3)
      assert.deepStrictEqual((yield* receiver.recvfrom(2))[0], new Uint8Array([1, 2]))
      assert.deepStrictEqual((yield* receiver.recvfrom(2))[0], new Uint8Array([4]))
    })
  )

  live(
    "SH-25 datagrams that nobody receives take a bounded room; those beyond are dropped and counted",
    Effect.gen(function* () {
      const [sender, receiver, address] = yield* udp
      const before = (yield* Metric.value(PortableSockets.datagramsDropped)).count
      const data = new Uint8Array(10_000)
      for (let turn = 0; turn < 150; turn++) {
        yield* sender.sendto(data, address)
        yield* receiver.waitForRead
        yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
      }
      const after = (yield* Metric.value(PortableSockets.datagramsDropped)).count
      let kept = 0
      while (yield* Effect.isSuccess(receiver.recv(10, MSG.DONTWAIT))) kept += 1
      assert.isAtMost(kept * 10_256, 1024 * 1024)
      assert.isAtLeast(kept, 100)
      assert.isAbove(after - before, 0)
    })
  )

  live(
    "SH-29 a group is joined before and after binding, on an interface by its name",
    Effect.gen(function* () {
      const it = yield* sock({ type: SOCK.DGRAM })
      yield* it.joinGroup("239.1.2.3", "lo")
      yield* it.bind(["", 0])
      yield* it.leaveGroup("239.1.2.3", "lo")
      assert.strictEqual(code(yield* Effect.flip(it.leaveGroup("239.1.2.3", "lo"))), "EADDRNOTAVAIL")
      assert.strictEqual(code(yield* Effect.flip(it.joinGroup("239.1.2.3", "no-such-interface"))), "ENODEV")
    })
  )
})

describe("nothing stays", () => {
  const openResources = () => fs.readdirSync("/dev/fd").length + process.getActiveResourcesInfo().length

  // Timers of the test runner come and go.
  const settled = Effect.iterate([NaN, openResources()], {
    while: ([before, now]) => before !== now,
    body: ([, before]) => Effect.map(Effect.delay(Effect.sync(openResources), 100), (now) => [before ?? now, now])
  }).pipe(Effect.map(([, now]) => now))

  const everything = Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    yield* pair
    const unix = yield* sock({ domain: AF.UNIX })
    yield* unix.bind(path.join(directory, "socket"))
    yield* unix.listen()
    const waiting = yield* sock({ domain: AF.UNIX })
    yield* waiting.connect(path.join(directory, "socket"))
    yield* Effect.forkScoped(waiting.recv(1))
    const [sender, receiver, address] = yield* udp
    yield* sender.sendto(new Uint8Array(1), address)
    yield* Effect.forkScoped(Effect.zipRight(receiver.recv(1), receiver.recv(1)))
    yield* Effect.forkScoped(Effect.flatMap(listening(), (listener) => listener.accept))
  })

  live(
    "SH-5 SH-11 SH-34 neither descriptors nor anything that keeps the process alive, however the scope ends",
    Effect.gen(function* () {
      const once = (exit: Exit.Exit<void, string>) => Effect.exit(Effect.scoped(Effect.zipRight(everything, exit)))
      yield* once(Exit.void)
      const before = yield* settled
      for (let round = 0; round < 10; round++) yield* once(round % 2 === 0 ? Exit.void : Exit.fail("failed"))
      assert.strictEqual(yield* settled, before)
      const { liveSockets } = yield* Sock.Sockets
      assert.strictEqual(yield* liveSockets, 0)
    })
  )

  live(
    "SH-39 only who waits keeps the process alive, as with a poll handle",
    Effect.gen(function* () {
      const kept = () => process.getActiveResourcesInfo().filter((name) => /^(TCP|UDP)/.test(name))
      const [client, server] = yield* pair
      const [, receiver] = yield* udp
      const listener = yield* listening()
      yield* client.send(new Uint8Array(1))
      yield* server.recvExact(1)
      assert.deepStrictEqual(kept(), [])
      const waits: ReadonlyArray<readonly [wait: Effect.Effect<unknown, ArgumentError>, name: string]> = [
        [server.recv(1), "TCPSocketWrap"],
        [receiver.recv(1), "UDPWrap"],
        [Effect.scoped(listener.accept), "TCPServerWrap"]
      ]
      for (const [wait, name] of waits) {
        const waiting = yield* Effect.fork(wait)
        yield* Effect.yieldNow()
        assert.deepStrictEqual(kept(), [name])
        yield* Fiber.interrupt(waiting)
        assert.deepStrictEqual(kept(), [])
      }
    })
  )
})

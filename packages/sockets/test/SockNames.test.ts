import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as net from "node:net"
import { NativeSockets, Resolver, Sock, SocketError } from "../src/index.js"
import { InetAddress, UnixAddress, type AddressInput } from "../src/SocketAddress.js"
import { AF, SOCK } from "../src/SocketConstants.js"
import { both, bytes, connected, freshPath, listening, native, text } from "./support/suite.js"

const invalid = (attempt: Effect.Effect<unknown, unknown>, problem: string) =>
  Effect.map(Effect.flip(attempt), (failure) => {
    assert.propertyVal(failure, "_tag", "InvalidAddress")
    assert.include(String(failure), problem)
  })

describe("bind", () => {
  for (const [domain, any] of [
    [AF.INET, "0.0.0.0"],
    [AF.INET6, "::"]
  ] as const) {
    both(
      `SH-8 SH-16 the empty address is any, and names are [ip, port] (domain ${domain})`,
      Effect.gen(function* () {
        const sock = yield* Sock.sock({ domain })
        yield* sock.bind(["", 0])
        yield* sock.listen()
        const address = yield* sock.getsockname
        assert.deepStrictEqual({ ...address, port: 0 }, { _tag: "InetAddress", ip: any, port: 0 })
        assert.isTrue(address._tag === "InetAddress" && address.port > 0)
      })
    )

    both(
      `SH-16 both ends of a connection tell the same addresses (domain ${domain})`,
      Effect.gen(function* () {
        const [client, server] = yield* connected(domain)
        assert.deepStrictEqual(yield* client.getpeername, yield* server.getsockname)
        assert.deepStrictEqual(yield* client.getsockname, yield* server.getpeername)
      })
    )
  }

  both(
    "SH-8 SH-9 an address may be a path, a pair or a SocketAddress",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const listener = yield* Sock.unixSock
      yield* listener.bind(path)
      yield* listener.listen()
      assert.deepStrictEqual(yield* listener.getsockname, UnixAddress(path))
      const client = yield* Sock.unixSock
      yield* client.connect(UnixAddress(path))
      const [server, from] = yield* listener.accept
      assert.deepStrictEqual(from, UnixAddress(""))
      assert.deepStrictEqual(yield* client.getpeername, UnixAddress(path))
      yield* client.send(bytes("path"))
      assert.strictEqual(text(yield* server.recvExact(4)), "path")
      const [tcp, address] = yield* listening()
      assert.deepStrictEqual(yield* tcp.getsockname, address)
    })
  )

  both(
    "SH-9 SH-16 a Unix socket without a name has the empty one, and no peer is an error",
    Effect.gen(function* () {
      const sock = yield* Sock.unixSock
      assert.deepStrictEqual(yield* sock.getsockname, UnixAddress(""))
      assert.propertyVal(yield* Effect.flip(sock.getpeername), "code", "ENOTCONN")
    })
  )

  both(
    "SH-8 SH-20 a port in use is the system's error, with the address",
    Effect.gen(function* () {
      const [, address] = yield* listening()
      const sock = yield* Sock.tcpSock
      const failure = yield* Effect.flip(Effect.zipRight(sock.bind(address), sock.listen()))
      assert.propertyVal(failure, "code", "EADDRINUSE")
      assert.include(failure.message, "127.0.0.1")
    })
  )

  native(
    "SH-8 SH-9 a path in use, one that is nowhere, and one longer than allowed are errors",
    Effect.gen(function* () {
      const path = yield* freshPath()
      fs.writeFileSync(path, "somebody's")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).bind(path)), "code", "EADDRINUSE")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).bind(`${path}/x`)), "code", "ENOTDIR")
      assert.strictEqual(fs.readFileSync(path, "utf8"), "somebody's")
      const longest = "/tmp/".padEnd(107, "x")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).connect(longest)), "code", "ENOENT")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).connect(`${longest}x`)), "_tag", "InvalidAddress")
    })
  )

  both(
    "SH-8 SH-9 addresses of the wrong family, too long and malformed ones fail before any system call",
    Effect.gen(function* () {
      const four = yield* Sock.tcpSock
      const six = yield* Sock.tcp6Sock
      const unix = yield* Sock.unixSock
      yield* invalid(four.bind("path"), "[ip, port]")
      yield* invalid(unix.bind(["127.0.0.1", 1]), "paths")
      yield* invalid(four.bind(["::1", 0]), "IPv6")
      yield* invalid(six.bind(["127.0.0.1", 0]), "IPv4")
      for (const ip of ["localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4\0", " 1.2.3.4", "0x7f.1"]) {
        yield* invalid(four.bind([ip, 0]), "no IP address")
      }
      for (const port of [-1, 65536, 1.5, NaN]) yield* invalid(four.bind(["127.0.0.1", port]), "port")
      yield* invalid(four.connect(["127.0.0.1", 0]), "1 to 65535")
      yield* invalid(four.connect(["", 80]), "missing")
      yield* invalid(unix.bind("x".repeat(200)), "200 bytes")
      yield* invalid(unix.bind("ä".repeat(60)), "120 bytes")
      yield* invalid(unix.bind("a\0b"), "NUL")
      yield* invalid(unix.bind("\0"), "empty")
      yield* invalid(unix.connect(""), "missing")
    })
  )

  native(
    "SH-8 SH-9 addresses of datagrams are checked alike, zones too",
    Effect.gen(function* () {
      const udp = yield* Sock.udpSock
      const unix = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* invalid(udp.sendto(bytes("x"), "path"), "[ip, port]")
      yield* invalid(udp.sendto(bytes("x"), ["127.0.0.1", 0]), "port")
      yield* invalid(unix.sendto(bytes("x"), ["127.0.0.1", 1]), "paths")
      yield* invalid(udp.joinGroup("nobody"), "no IP address")
      const six = yield* Sock.udp6Sock
      yield* invalid(six.bind(["fe80::1%nosuchzone", 0]), "system")
    })
  )
})

describe("abstract names", () => {
  native(
    "SH-9 an abstract name is exactly its bytes, on every Node",
    Effect.gen(function* () {
      const name = `\0ductworks-${process.pid}-${Math.random()}`
      const listener = yield* Sock.unixSock
      yield* listener.bind(name)
      yield* listener.listen()
      assert.deepStrictEqual(yield* listener.getsockname, UnixAddress(name))
      assert.include(fs.readFileSync("/proc/net/unix", "utf8"), `@${name.slice(1)}\n`)
      const client = yield* Sock.unixSock
      yield* client.connect(name)
      assert.deepStrictEqual(yield* client.getpeername, UnixAddress(name))
      const longer = yield* Sock.unixSock
      assert.propertyVal(yield* Effect.flip(longer.connect(`${name}x`)), "code", "ECONNREFUSED")
      const longest = `\0${"y".repeat(107)}`
      yield* longer.bind(longest)
      assert.deepStrictEqual(yield* longer.getsockname, UnixAddress(longest))
      yield* invalid((yield* Sock.unixSock).bind(`${longest}y`), "108 bytes")
    })
  )
})

describe("names of hosts", () => {
  both(
    "SH-10 SH-37 connect resolves names; connectAddr does only when it is told to",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const port = address._tag === "InetAddress" ? address.port : 0
      for (const connect of [
        (sock: Sock.Sock) => sock.connect(["localhost", port]),
        (sock: Sock.Sock) => sock.connectAddr(["localhost", port], { resolve: true }),
        (sock: Sock.Sock) => sock.connectAddr(["127.0.0.1", port])
      ]) {
        const client = yield* Sock.tcpSock
        yield* connect(client)
        yield* listener.accept
        assert.deepStrictEqual(yield* client.getpeername, address)
      }
      const client = yield* Sock.tcpSock
      yield* invalid(client.connectAddr(["localhost", port]), "no IP address")
      yield* invalid(client.connect(["localhost", 70000]), "port")
      yield* invalid((yield* Sock.unixSock).connect(["localhost", port]), "paths")
    })
  )

  both(
    "SH-37 the resolver is replaceable, is asked for the socket's family, and its addresses are tried in order",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const port = address._tag === "InetAddress" ? address.port : 0
      const asked: Array<unknown> = []
      const resolve = (hostname: string, family: 0 | 4 | 6) => {
        asked.push([hostname, family])
        return Effect.succeed(["127.0.0.7", "127.0.0.1"] as const)
      }
      const client = yield* Sock.tcpSock
      yield* Effect.provideService(client.connect(["db.test", port]), Resolver.Resolver, { resolve })
      assert.deepStrictEqual(asked, [["db.test", 4]])
      assert.deepStrictEqual(yield* client.getpeername, address)
      yield* listener.accept
    })
  )

  both(
    "SH-37 a name that nobody knows is NameNotResolved; the last address' error is told where all fail",
    Effect.gen(function* () {
      const client = yield* Sock.tcpSock
      const unknown = { resolve: (hostname: string) => new SocketError.NameNotResolved({ hostname }) }
      const failure = yield* Effect.flip(
        Effect.provideService(client.connect(["nobody.test", 80]), Resolver.Resolver, unknown)
      )
      assert.propertyVal(failure, "_tag", "NameNotResolved")
      const closed = { resolve: () => Effect.succeed(["127.0.0.2", "127.0.0.3"] as const) }
      const refused = yield* Effect.flip(
        Effect.provideService(client.connect(["closed.test", 1]), Resolver.Resolver, closed)
      )
      assert.propertyVal(refused, "address", "127.0.0.3:1")
    })
  )

  it.live("SH-37 the system's resolver knows localhost, and says what it does not know (native)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Resolver.system.resolve("localhost", 4), ["127.0.0.1"])
      assert.isTrue((yield* Resolver.system.resolve("localhost", 0)).every((ip) => net.isIP(ip) !== 0))
      const failure = yield* Effect.flip(Resolver.system.resolve("name with spaces.invalid", 4))
      assert.propertyVal(failure, "_tag", "NameNotResolved")
      assert.isString(failure.code)
    })
  )
})

it.live("SH-9 the same address given twice is sent to twice, and another one is another (native)", () =>
  Effect.gen(function* () {
    const receiver = Effect.tap(Sock.udpSock, (sock) => sock.bind(["127.0.0.1", 0]))
    const [one, two] = [yield* receiver, yield* receiver]
    const sender = yield* Sock.udpSock
    const inputs: ReadonlyArray<AddressInput> = [yield* one.getsockname, yield* two.getsockname]
    for (const address of [inputs[0], inputs[0], inputs[1], inputs[0], inputs[1]]) {
      yield* sender.sendto(bytes("x"), address ?? InetAddress("", 0))
    }
    assert.strictEqual((yield* one.recv(1)).length + (yield* one.recv(1)).length + (yield* one.recv(1)).length, 3)
    assert.strictEqual((yield* two.recv(1)).length + (yield* two.recv(1)).length, 2)
  }).pipe(Effect.scoped, Effect.provide(NativeSockets.layer))
)

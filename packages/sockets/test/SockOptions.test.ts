import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Sock } from "../src/index.js"
import { IP, IPPROTO, IPV6, SO, SOCK, SOL, TCP } from "../src/SocketConstants.js"
import type { ArgumentError } from "../src/SocketError.js"
import { both, bytes, connected, native } from "./support/suite.js"

const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer)

describe("options that cannot be", () => {
  both(
    "SH-18 values out of range are told at once, before and after binding, and a switch is on or off",
    Effect.gen(function* () {
      const udp = yield* Sock.udpSock
      for (const bind of [udp.bind(["127.0.0.1", 0]), Effect.void]) {
        for (const [name, value] of [
          [IP.TTL, 0],
          [IP.TTL, 256],
          [IP.MULTICAST_TTL, 256]
        ] as const) {
          assert.propertyVal(yield* Effect.flip(udp.setsockopt(IPPROTO.IP, name, value)), "code", "EINVAL")
        }
        yield* udp.setsockopt(SOL.SOCKET, SO.BROADCAST, 5)
        assert.strictEqual(yield* udp.getsockopt(SOL.SOCKET, SO.BROADCAST), 1)
        yield* bind
      }
    })
  )

  both(
    "SH-17 SH-18 options of another kind of socket are refused",
    Effect.gen(function* () {
      const refused = (effect: Effect.Effect<unknown, ArgumentError>) =>
        Effect.map(Effect.flip(effect), ({ _tag }) => assert.include(["SocketFault", "Unsupported"], _tag))
      const unix = yield* Sock.unixSock
      yield* refused(unix.setsockopt(IPPROTO.TCP, TCP.NODELAY, 1))
      yield* refused(unix.getsockopt(IPPROTO.TCP, TCP.NODELAY))
      yield* refused(unix.setsockopt(IPPROTO.IPV6, IPV6.V6ONLY, 1))
      const four = yield* Sock.tcpSock
      yield* refused(four.setsockopt(IPPROTO.IPV6, IPV6.V6ONLY, 1))
      yield* refused(four.getsockopt(IPPROTO.IPV6, IPV6.V6ONLY))
    })
  )
})

describe("getsockopt and setsockopt", () => {
  both(
    "SH-17 SH-18 an integer is set and got, as a number and as bytes",
    Effect.gen(function* () {
      const [client] = yield* connected()
      yield* client.setsockopt(SOL.SOCKET, SO.KEEPALIVE, 1)
      assert.strictEqual(yield* client.getsockopt(SOL.SOCKET, SO.KEEPALIVE), 1)
      assert.strictEqual(yield* client.getsockopt(SOL.SOCKET, SO.KEEPALIVE, 0), 1)
      assert.deepStrictEqual(yield* client.getsockopt(SOL.SOCKET, SO.KEEPALIVE, 4), int(1))
      yield* client.setsockopt(IPPROTO.TCP, TCP.NODELAY, int(1))
      assert.strictEqual(yield* client.getsockopt(IPPROTO.TCP, TCP.NODELAY), 1)
    })
  )

  native(
    "SH-17 SH-18 SH-36 every option of the list can be asked for, and set where the system lets it be",
    Effect.gen(function* () {
      const { sock } = yield* Sock.Sockets
      const tcp = yield* sock()
      const settable = ["REUSEADDR", "KEEPALIVE", "DONTROUTE", "OOBINLINE", "RCVLOWAT", "REUSEPORT"] as const
      for (const name of settable) {
        yield* tcp.setsockopt(SOL.SOCKET, SO[name], 1)
        assert.strictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO[name]), 1, name)
      }
      for (const name of ["SNDBUF", "RCVBUF"] as const) {
        yield* tcp.setsockopt(SOL.SOCKET, SO[name], 20_000)
        assert.isAtLeast(yield* tcp.getsockopt(SOL.SOCKET, SO[name]), 20_000, name)
      }
      for (const name of ["SNDTIMEO", "RCVTIMEO"] as const) {
        const time = new Uint8Array(BigInt64Array.of(2n, 0n).buffer)
        yield* tcp.setsockopt(SOL.SOCKET, SO[name], time)
        assert.deepStrictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO[name], 16), time, name)
      }
      const linger = new Uint8Array(Int32Array.of(1, 5).buffer)
      yield* tcp.setsockopt(SOL.SOCKET, SO.LINGER, linger)
      assert.deepStrictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO.LINGER, 100), linger)
      assert.strictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO.TYPE), SOCK.STREAM)
      assert.strictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO.SNDLOWAT), 1)
      assert.strictEqual(yield* tcp.getsockopt(SOL.SOCKET, SO.ERROR), 0)
      const udp = yield* sock({ type: SOCK.DGRAM })
      yield* udp.setsockopt(SOL.SOCKET, SO.BROADCAST, 1)
      assert.strictEqual(yield* udp.getsockopt(SOL.SOCKET, SO.BROADCAST), 1)
      yield* udp.setsockopt(SOL.SOCKET, SO.DEBUG, 0)
      assert.strictEqual(yield* udp.getsockopt(SOL.SOCKET, SO.DEBUG), 0)
    })
  )

  both(
    "SH-19 setReuseAddr sets SO_REUSEADDR",
    Effect.gen(function* () {
      const sock = yield* Sock.tcpSock
      yield* sock.setReuseAddr
      assert.strictEqual(yield* sock.getsockopt(SOL.SOCKET, SO.REUSEADDR), 1)
    })
  )

  both(
    "SH-17 SH-18 levels, names, lengths and values that are none are typed errors, before any system call",
    Effect.gen(function* () {
      const sock = yield* Sock.udpSock
      const wrong: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        sock.setsockopt(SOL.SOCKET, SO.BROADCAST, 1.5),
        sock.setsockopt(SOL.SOCKET, SO.BROADCAST, 2 ** 31),
        sock.setsockopt(SOL.SOCKET, SO.BROADCAST, NaN),
        // @ts-expect-error: as a caller without types may
        sock.setsockopt(SOL.SOCKET, SO.BROADCAST, "1"),
        // @ts-expect-error: as a caller without types may
        sock.setsockopt(SOL.SOCKET, SO.BROADCAST, true),
        sock.setsockopt(0.5, SO.BROADCAST, 1),
        sock.getsockopt(SOL.SOCKET, NaN),
        sock.getsockopt(SOL.SOCKET, SO.BROADCAST, -1),
        sock.getsockopt(SOL.SOCKET, SO.BROADCAST, 1e9)
      ]
      for (const attempt of wrong) assert.propertyVal(yield* Effect.flip(attempt), "_tag", "InvalidArgument")
      assert.strictEqual(yield* sock.getsockopt(SOL.SOCKET, SO.BROADCAST), 0)
      assert.propertyVal(yield* Effect.flip(sock.getsockopt(SOL.SOCKET, -1)), "_tag", "Unsupported")
    })
  )

  native(
    "SH-17 SH-18 values of a wrong size, options that do not exist, and levels of others are the system's errors",
    Effect.gen(function* () {
      const sock = yield* Sock.tcpSock
      for (const bytes of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(3)]) {
        assert.propertyVal(yield* Effect.flip(sock.setsockopt(SOL.SOCKET, SO.KEEPALIVE, bytes)), "code", "EINVAL")
      }
      assert.propertyVal(yield* Effect.flip(sock.setsockopt(SOL.SOCKET, SO.LINGER, int(1))), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(sock.getsockopt(SOL.SOCKET, 9999)), "code", "ENOPROTOOPT")
      const udp = yield* Sock.udpSock
      const failure = yield* Effect.flip(udp.getsockopt(IPPROTO.TCP, TCP.NODELAY))
      assert.propertyVal(failure, "code", "ENOTSUP")
    })
  )

  native(
    "SH-17 SO_ERROR gives the error that waits in the socket, once",
    Effect.gen(function* () {
      const server = yield* Sock.udpSock
      yield* server.bind(["127.0.0.1", 0])
      const client = yield* Sock.udpSock
      yield* client.connect(yield* server.getsockname)
      yield* server.close
      yield* client.send(bytes("x"))
      yield* client.waitForRead
      assert.isAbove(yield* client.getsockopt(SOL.SOCKET, SO.ERROR), 0)
      assert.strictEqual(yield* client.getsockopt(SOL.SOCKET, SO.ERROR), 0)
    })
  )
})

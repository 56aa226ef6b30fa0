import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { Sock } from "../src/index.js"
import { AF, SHUT, SO, SOL } from "../src/SocketConstants.js"
import type { SocketAddress } from "../src/SocketAddress.js"
import { both, bytes, freshPath, listening, native, settled, text } from "./support/suite.js"
import { python } from "./support/transport.js"
import { fixtureOf } from "./support/processes.js"

const clients = (address: SocketAddress, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.tap(Sock.tcpSock, (sock) => sock.connect(address)))

describe("accept", () => {
  both(
    "SH-6 accept waits for a connection, and names its other end",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const accepting = yield* Effect.fork(listener.accept)
      yield* settled
      assert.isNull(accepting.unsafePoll())
      const [client] = yield* clients(address, 1)
      const [connection, from] = yield* Fiber.join(accepting)
      assert.deepStrictEqual(from, yield* client?.getsockname ?? Effect.succeed(address))
      assert.deepStrictEqual([connection.domain, connection.type], [listener.domain, listener.type])
    })
  )

  both(
    "SH-6 a connection belongs to the scope of who accepted it",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const [client] = yield* clients(address, 1)
      const scope = yield* Scope.make()
      const [connection] = yield* Scope.extend(listener.accept, scope)
      yield* connection.send(bytes("hi"))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(connection.fd, -1)
      if (client === undefined) return
      assert.strictEqual(text(yield* client.recvExact(2)), "hi")
      assert.strictEqual((yield* client.recv(1)).length, 0)
    })
  )

  both(
    "SH-6 accepts that are interrupted lose no connection",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      let accepted = 0
      for (let i = 0; i < 40; i++) {
        const accepting = yield* Effect.fork(listener.accept)
        if (i % 2 === 0) yield* Effect.yieldNow()
        yield* clients(address, 1)
        if (i % 3 === 0) yield* settled
        if (Exit.isSuccess(yield* Fiber.interrupt(accepting))) accepted += 1
      }
      while (accepted < 40) {
        yield* listener.accept
        accepted += 1
      }
      assert.deepStrictEqual(yield* listener.acceptNow, Option.none())
    })
  )

  both(
    "SH-13 a second fiber that accepts fails with SocketBusy",
    Effect.gen(function* () {
      const [listener] = yield* listening()
      yield* Effect.fork(listener.accept)
      yield* settled
      assert.propertyVal(yield* Effect.flip(listener.accept), "_tag", "SocketBusy")
    })
  )

  both(
    "SH-6 acceptNow does not wait",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      assert.deepStrictEqual(yield* listener.acceptNow, Option.none())
      const [client] = yield* clients(address, 1)
      yield* listener.waitForRead
      const [connection] = Option.getOrThrow(yield* listener.acceptNow)
      assert.deepStrictEqual(yield* connection.getpeername, yield* client?.getsockname ?? Effect.succeed(address))
    })
  )

  native(
    "SH-6 accept of what does not listen is the system's error",
    Effect.gen(function* () {
      const sock = yield* Sock.tcpSock
      assert.propertyVal(yield* Effect.flip(sock.accept), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(sock.acceptNow), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(sock.listen(-1)), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(sock.listen(0.5)), "_tag", "InvalidArgument")
    })
  )

  native(
    "SH-6 a connection that was reset while it waited is accepted or skipped, and the listener goes on",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const [gone] = yield* clients(address, 1)
      if (gone === undefined) return
      yield* gone.setsockopt(SOL.SOCKET, SO.LINGER, new Uint8Array(Int32Array.of(1, 0).buffer))
      yield* gone.close
      const [client] = yield* clients(address, 1)
      const names = (yield* listener.acceptMany()).map(([, from]) => from)
      assert.deepInclude(names, yield* client?.getsockname ?? Effect.succeed(address))
    })
  )

  native(
    "SH-6 a listener with no descriptor left waits without spinning, and accepts when there is one again",
    Effect.gen(function* () {
      const report = yield* fixtureOf("sock/exhaustion", [], { openFiles: 256 })
      assert.deepStrictEqual(JSON.parse(report), {
        full: "EMFILE",
        now: "EMFILE",
        stillWaits: true,
        spins: false,
        byte: 42,
        live: 3
      })
    })
  )
})

describe("a listener that another process shut down", () => {
  const shutDown = (listener: Sock.Sock) =>
    Effect.gen(function* () {
      const { exit } = yield* python(["import socket", "socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)"], {
        stdio: ["ignore", "pipe", "inherit", listener.fd]
      })
      assert.propertyVal(yield* exit, "code", 0)
    })

  // Not portably: libuv gets the error again and again, and tells nobody.
  native(
    "SH-6 over TCP fails who waits, and who comes",
    Effect.gen(function* () {
      const [listener] = yield* listening()
      const accepting = yield* Effect.fork(Effect.flip(listener.accept))
      yield* settled
      yield* shutDown(listener)
      assert.include(yield* Fiber.join(accepting), { _tag: "SocketFault", code: "EINVAL" })
      assert.include(yield* Effect.flip(listener.accept), { _tag: "SocketFault", code: "EINVAL" })
    })
  )

  native(
    "SH-6 over Unix gives what was in its queue, then fails who waits, and who comes, and does not spin",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const listener = yield* Sock.unixSock
      yield* listener.bind(path)
      yield* listener.listen()
      const accepting = yield* Effect.fork(Effect.flip(Effect.forever(listener.accept)))
      yield* settled
      const client = yield* Sock.unixSock
      yield* client.connect(path)
      yield* shutDown(listener)
      assert.include(yield* Fiber.join(accepting), { _tag: "SocketFault", operation: "accept", code: "EINVAL" })
      assert.propertyVal(yield* Effect.flip(listener.accept), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(listener.acceptMany()), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(listener.acceptNow), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).connect(path)), "code", "ECONNREFUSED")
      const before = performance.nodeTiming.uvMetricsInfo.loopCount
      yield* Effect.sleep("100 millis")
      // The system calls it readable for ever: some 10,000 turns, were it polled.
      assert.isBelow(performance.nodeTiming.uvMetricsInfo.loopCount - before, 1000)
      yield* client.send(bytes("x"))
    })
  )

  native(
    "SH-6 SH-33 over Unix fails also the copy of who was sent the descriptor",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const listener = yield* Sock.unixSock
      yield* listener.bind(path)
      yield* listener.listen()
      const [one, two] = yield* Sock.socketpair()
      yield* one.sendFds(bytes("x"), [listener.fd])
      const { fds } = yield* two.recvFds(1)
      const copy = yield* Sock.fdSock(fds[0] ?? -1)
      const accepting = yield* Effect.fork(Effect.flip(copy.accept))
      yield* settled
      yield* listener.shutdown(SHUT.RDWR)
      assert.include(yield* Fiber.join(accepting), { _tag: "SocketFault", code: "EINVAL" })
    })
  )
})

describe("acceptMany", () => {
  both(
    "SH-7 acceptMany(5) with three clients gives three; with 2 the first two; 0 is all",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      yield* clients(address, 3)
      yield* listener.waitForRead
      const first = yield* listener.acceptMany(5)
      // Portably, connections arrive one by one.
      let rest = 3 - first.length
      while (rest > 0) rest -= (yield* listener.acceptMany(rest)).length
      yield* clients(address, 3)
      const two = yield* Effect.repeat(listener.waitForRead, { times: 2 }).pipe(Effect.zipRight(listener.acceptMany(2)))
      assert.isAtMost(two.length, 2)
      let left = 3 - two.length
      while (left > 0) left -= (yield* listener.acceptMany(0)).length
      assert.deepStrictEqual(yield* listener.acceptNow, Option.none())
    })
  )

  native(
    "SH-7 acceptMany(5) with three clients gives exactly three, at once",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const made = yield* clients(address, 3)
      const names = yield* Effect.forEach(made, (client) => client.getsockname)
      const accepted = yield* listener.acceptMany(5)
      assert.deepStrictEqual(
        accepted.map(([, from]) => from),
        names
      )
    })
  )

  both(
    "SH-7 acceptMany waits for the first; a wrong number is a typed error",
    Effect.gen(function* () {
      const [listener, address] = yield* listening(AF.INET)
      for (const max of [-1, 0.5, NaN]) {
        assert.propertyVal(yield* Effect.flip(listener.acceptMany(max)), "_tag", "InvalidArgument")
      }
      const accepting = yield* Effect.fork(listener.acceptMany(5))
      yield* settled
      yield* clients(address, 1)
      assert.lengthOf(yield* Fiber.join(accepting), 1)
    })
  )
})

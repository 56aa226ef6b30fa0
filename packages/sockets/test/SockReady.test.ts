import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { NativeSockets, Sock } from "../src/index.js"
import { AF, MSG, SHUT, SO, SOCK, SOL } from "../src/SocketConstants.js"
import { fixtureOf } from "./support/processes.js"
import { both, bytes, connected, listening, native, settled, text } from "./support/suite.js"

describe("waitForRead", () => {
  both(
    "SH-31 waitForRead waits for bytes, consumes none, and says how many there are",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const waiting = yield* Effect.fork(server.waitForRead)
      yield* settled
      assert.isNull(waiting.unsafePoll())
      yield* client.send(bytes("seven!!"))
      assert.strictEqual(yield* Fiber.join(waiting), 7)
      assert.strictEqual(yield* server.waitForRead, 7)
      assert.strictEqual(text(yield* server.recv(3)), "sev")
      assert.strictEqual(yield* server.waitForRead, 4)
    })
  )

  both(
    "SH-31 the end of the stream is readable: 0 bytes",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const waiting = yield* Effect.fork(server.waitForRead)
      yield* settled
      yield* client.shutdown(SHUT.WR)
      assert.strictEqual(yield* Fiber.join(waiting), 0)
      assert.strictEqual(yield* server.waitForRead, 0)
      assert.strictEqual((yield* server.recv(1)).length, 0)
    })
  )

  native(
    "SH-31 what an interrupted receive left behind counts",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const fiber = yield* Effect.fork(two.recvExact(10))
      yield* one.send(bytes("abc"))
      yield* settled
      yield* Fiber.interrupt(fiber)
      yield* one.send(bytes("de"))
      assert.strictEqual(yield* two.waitForRead, 5)
      assert.strictEqual(text(yield* two.recv(9, MSG.PEEK)), "abc")
      assert.strictEqual(text(yield* two.recvExact(5)), "abcde")
    })
  )

  both(
    "SH-31 a listener is readable when somebody connects; it has no bytes",
    Effect.gen(function* () {
      const [listener, address] = yield* listening()
      const waiting = yield* Effect.fork(listener.waitForRead)
      yield* settled
      assert.isNull(waiting.unsafePoll())
      yield* (yield* Sock.tcpSock).connect(address)
      assert.strictEqual(yield* Fiber.join(waiting), 0)
      yield* listener.accept
    })
  )

  native(
    "SH-31 SH-32 a hang-up and a reset wake who waits, in both directions",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const full = Effect.forever(server.send(new Uint8Array(65536), MSG.DONTWAIT))
      assert.propertyVal(yield* Effect.flip(full), "code", "EAGAIN")
      const reading = yield* Effect.fork(server.waitForRead)
      const writing = yield* Effect.fork(server.waitForWrite)
      yield* settled
      yield* client.setsockopt(SOL.SOCKET, SO.LINGER, new Uint8Array(Int32Array.of(1, 0).buffer))
      yield* client.close
      assert.strictEqual(yield* Fiber.join(reading), 0)
      assert.isAtLeast(yield* Fiber.join(writing), 0)
      assert.propertyVal(yield* Effect.flip(server.recv(1)), "code", "ECONNRESET")
    })
  )

  native(
    "SH-31 a datagram's length is the amount",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      yield* one.send(bytes("12345"))
      yield* one.send(bytes("123"))
      assert.isAtLeast(yield* two.waitForRead, 5)
    })
  )
})

describe("waitForWrite", () => {
  native(
    "SH-32 waitForWrite tells SO_SNDBUF less what has not left, and waits while there is no room",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const room = yield* client.getsockopt(SOL.SOCKET, SO.SNDBUF)
      assert.strictEqual(yield* client.waitForWrite, room)
      const full = Effect.forever(client.send(new Uint8Array(65536), MSG.DONTWAIT))
      assert.propertyVal(yield* Effect.flip(full), "code", "EAGAIN")
      const waiting = yield* Effect.fork(client.waitForWrite)
      yield* settled
      assert.isNull(waiting.unsafePoll())
      const draining = yield* Effect.fork(Effect.forever(server.recv(65536)))
      assert.isAbove(yield* Fiber.join(waiting), 0)
      yield* Fiber.interrupt(draining)
    })
  )

  both(
    "SH-32 a socket with room is writable at once, with a positive amount",
    Effect.gen(function* () {
      const [client] = yield* connected()
      assert.isAbove(yield* client.waitForWrite, 0)
    })
  )
})

describe("fairness", () => {
  const alone = (options: NativeSockets.NativeSocketsOptions) =>
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      let rounds = 0
      let turns = 0
      const isTurn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
      const other = yield* Effect.fork(Effect.forever(Effect.tap(isTurn, () => Effect.sync(() => (turns += 1)))))
      yield* Effect.yieldNow()
      while (rounds < 1000) {
        yield* one.send(bytes("x"))
        yield* two.recv(1)
        rounds += 1
      }
      yield* Fiber.interrupt(other)
      return turns
    }).pipe(Effect.scoped, Effect.provide(NativeSockets.layerWith(options)))

  it.live("SH-38 a busy socket yields to the event loop after 64 operations, or as many as it is told (native)", () =>
    Effect.gen(function* () {
      // Two sockets, each of which yields once in 65 operations.
      assert.isAtLeast(yield* alone({}), 15)
      assert.isAtLeast(yield* alone({ maxImmediate: 8 }), 110)
      assert.isBelow(yield* alone({ maxImmediate: Infinity }), 5)
      assert.isAtLeast(yield* alone({ maxImmediate: 0 }), 500)
    })
  )

  native(
    "SH-38 timers go on during one large send and one large receive",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      let ticks = 0
      yield* Effect.acquireRelease(
        Effect.sync(() => setInterval(() => (ticks += 1), 1)),
        (timer) => Effect.sync(() => clearInterval(timer))
      )
      const data = new Uint8Array(48 * 1024 * 1024)
      const receiving = yield* Effect.fork(two.recvExact(data.length))
      yield* one.send(data)
      yield* Fiber.join(receiving)
      assert.isAbove(ticks, 0)
    })
  )

  it.live("SH-38 busyPoll asks again before it waits, and receives the same (native)", () =>
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      assert.propertyVal(yield* Effect.flip(two.recv(1, MSG.DONTWAIT)), "code", "EAGAIN")
      const echo = yield* Effect.fork(Effect.forever(Effect.flatMap(two.recv(10), (data) => two.send(data))))
      for (let i = 0; i < 20; i++) {
        yield* one.send(bytes("spin"))
        assert.strictEqual(text(yield* one.recvExact(4)), "spin")
      }
      yield* Fiber.interrupt(echo)
    }).pipe(Effect.scoped, Effect.provide(NativeSockets.layerWith({ busyPoll: "50 micros" })))
  )
})

describe("the event loop", () => {
  it.live("SH-11 SH-13 an idle socket does not keep the process, nor does an interrupted wait (native)", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* fixtureOf("sock/idle"), "left")
      assert.strictEqual(yield* fixtureOf("sock/idle", ["waiting"]), "received left")
    })
  )
})

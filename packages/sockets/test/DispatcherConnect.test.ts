import { Dispatcher, NativeSockets, PortableSockets } from "@ductworks/sockets"
import { Sockets } from "@ductworks/sockets/Sock"
import { AF, MSG, SOCK } from "@ductworks/sockets/SocketConstants"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Option } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { bytes, connected, freePort, noting, systems } from "./support/dispatching.js"

const none = Option.none()

const listening = Effect.gen(function* () {
  const target = Dispatcher.makeTarget(() => () => Effect.void)
  const sock = yield* Dispatcher.listenTcp(target, "127.0.0.1", 0)
  const address = yield* sock.getsockname
  const port = address._tag === "InetAddress" ? address.port : 0
  return { target, sock, port }
})

for (const [system, layer] of systems) {
  describe(`connecting (${system})`, () => {
    it.scopedLive(`AS-1 AS-2 a connection that stands is writable (${system})`, () =>
      Effect.gen(function* () {
        const { port } = yield* listening
        const dispatcher = yield* Dispatcher.make()
        const states: Array<string> = []
        const { events, target } = noting({}, (self) => Effect.sync(() => void states.push(self.dispatchState)))
        yield* dispatcher.add(target)
        const [code, sock] = yield* Dispatcher.connectTcp(target, ["127.0.0.1", port])
        assert.strictEqual(code, Dispatcher.inProgress)
        assert.strictEqual(code, constants.errno.EINPROGRESS)
        assert.strictEqual(target.dispatchState, "connecting")
        assert.strictEqual(target.sock, sock)
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        assert.deepStrictEqual(events, [[false, true, none]])
        assert.deepStrictEqual([...states, target.dispatchState], ["connecting", "connected"])
        assert.strictEqual(yield* sock.send(bytes("x")), 1)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-1 AS-2 one that fails is readable and writable, and is closed then (${system})`, () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const dispatcher = yield* Dispatcher.make()
        let closed = 0
        const { events, target } = noting({ socketClosed: Effect.sync(() => void (closed += 1)) })
        yield* dispatcher.add(target)
        yield* Dispatcher.connectTcp(target, { _tag: "InetAddress", ip: "127.0.0.1", port })
        yield* dispatcher.iterate()
        const [[readable, writable, error] = [false, false, none]] = events
        assert.deepStrictEqual([events.length, readable, writable], [1, true, true])
        const reason = Option.getOrThrow(error)
        assert.isTrue(reason._tag === "SocketFault" && reason.code === "ECONNREFUSED")
        assert.deepStrictEqual([target.dispatchState, closed, dispatcher.size], ["closed", 1, 0])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-1 AS-2 a failure is told however the filter is (${system})`, () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ filter: [false, false, false] })
        yield* dispatcher.add(target)
        yield* Dispatcher.connectTcp(target, ["127.0.0.1", port])
        yield* dispatcher.iterate()
        assert.strictEqual(events.length, 1)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-2 what fails at once leaves the target as it was (${system})`, () =>
      Effect.gen(function* () {
        const { target } = noting()
        const error = yield* Effect.flip(Dispatcher.connectTcp(target, ["127.0.0.1", 70_000]))
        assert.strictEqual(error._tag, "InvalidAddress")
        assert.deepStrictEqual([target.dispatchState, target.sock, target.settled], ["new", undefined, undefined])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(
      `AS-1 AS-2 the event of a connection is there again if its delivery was interrupted (${system})`,
      () =>
        Effect.gen(function* () {
          const { port } = yield* listening
          const dispatcher = yield* Dispatcher.make()
          const first = yield* Deferred.make<void>()
          const { events, target } = noting({}, () =>
            Effect.flatMap(Deferred.succeed(first, undefined), (isFirst) => (isFirst ? Effect.never : Effect.void))
          )
          yield* dispatcher.add(target)
          yield* Dispatcher.connectTcp(target, ["127.0.0.1", port])
          yield* Effect.race(Deferred.await(first), Effect.ignore(dispatcher.iterate()))
          yield* dispatcher.iterate({ count: 1 })
          assert.deepStrictEqual(events, [
            [false, true, none],
            [false, true, none]
          ])
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-4 listenTcp creates, binds and listens (${system})`, () =>
      Effect.gen(function* () {
        const { port, sock, target } = yield* listening
        assert.strictEqual(target.dispatchState, "listening")
        assert.strictEqual(target.sock, sock)
        const other = Dispatcher.makeTarget(() => () => Effect.void)
        const error = yield* Effect.flip(Dispatcher.listenTcp(other, "127.0.0.1", port))
        assert.isTrue(error._tag === "SocketFault" && error.code === "EADDRINUSE")
        assert.deepStrictEqual([other.dispatchState, other.sock], ["new", undefined])
        const any = yield* Dispatcher.listenTcp(other, "", 0, 1)
        assert.strictEqual((yield* any.getsockname)._tag, "InetAddress")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-5 serverAccept gives what the factory makes of a connection (${system})`, () =>
      Effect.gen(function* () {
        const { port, sock, target } = yield* listening
        const closer = Symbol("closer")
        const accept = Dispatcher.serverAccept(target, (...all) => Effect.succeed(all), closer)
        assert.deepStrictEqual(yield* accept, none)
        const { target: client } = noting()
        yield* Dispatcher.connectTcp(client, ["127.0.0.1", port])
        yield* sock.waitForRead
        const [accepted, server, given] = Option.getOrThrow(yield* accept)
        assert.strictEqual(server, target)
        assert.strictEqual(given, closer)
        yield* client.settled ?? Effect.void
        yield* accepted.send(bytes("hi"))
        assert.deepStrictEqual(yield* client.sock?.recv(2) ?? Effect.succeed(bytes("")), bytes("hi"))
        assert.deepStrictEqual(yield* accept, none)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-5 a factory that fails costs the connection (${system})`, () =>
      Effect.gen(function* () {
        const { port, sock, target } = yield* listening
        const { target: client } = noting()
        yield* Dispatcher.connectTcp(client, ["127.0.0.1", port])
        yield* sock.waitForRead
        const error = yield* Effect.flip(Dispatcher.serverAccept(target, () => Effect.fail("no room"), undefined))
        assert.strictEqual(error, "no room")
        yield* client.settled ?? Effect.void
        assert.strictEqual((yield* client.sock?.recv(1) ?? Effect.succeed(bytes("?"))).length, 0)
        const unbound = noting().target
        const closed = yield* Effect.flip(Dispatcher.serverAccept(unbound, Effect.succeed, undefined))
        assert.strictEqual(closed._tag, "SocketClosed")
      }).pipe(Effect.provide(layer))
    )
  })
}

describe("reset", () => {
  for (const [who, filter] of [
    ["an event for who wants it", true],
    ["onError's for who does not", false]
  ] as const) {
    it.scopedLive(`AS-1 AS-15 a reset is readable and writable, and ${who} (native)`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        yield* client.send(bytes("nobody reads this"))
        yield* server.waitForRead
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: client, filter: [true, false, filter] })
        yield* dispatcher.add(target)
        yield* server.close
        const errors: Array<unknown> = []
        yield* dispatcher.iterate({
          onError: ({ cause }) => Effect.sync(() => void errors.push(...Cause.failures(cause)))
        })
        for (const [readable, writable, error] of events) {
          assert.isTrue(readable && writable)
          errors.push(...Option.toArray(error))
        }
        assert.strictEqual(events.length, filter ? 1 : 0)
        assert.strictEqual(errors.length, 1)
        assert.propertyVal(errors[0], "code", "ECONNRESET")
        assert.strictEqual(target.dispatchState, "closed")
      }).pipe(Effect.provide(NativeSockets.layer))
    )
  }
})

describe("immediate connect", () => {
  it.scopedLive("AS-1 AS-2 a connection that stands at once is 0, and told as (true, false, none) (native)", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "ductworks-dispatcher-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const { sock } = yield* Sockets
      const listener = yield* sock({ domain: AF.UNIX })
      const path = join(folder, "s")
      yield* listener.bind(path)
      yield* listener.listen()
      const dispatcher = yield* Dispatcher.make()
      const { events, target } = noting()
      yield* dispatcher.add(target)
      const client = yield* sock({ domain: AF.UNIX })
      const [code] = yield* Dispatcher.connectSock(target, client, path)
      assert.strictEqual(code, 0)
      assert.strictEqual(target.dispatchState, "connecting")
      yield* dispatcher.connected(target)
      assert.deepStrictEqual(events, [Dispatcher.immediateConnect])
      assert.deepStrictEqual(events, [[true, false, none]])
      assert.strictEqual(target.dispatchState, "connected")

      const missing = yield* sock({ domain: AF.UNIX })
      const error = yield* Effect.flip(Dispatcher.connectSock(noting().target, missing, join(folder, "none")))
      assert.isTrue(error._tag === "SocketFault" && error.code === "ENOENT")
      assert.strictEqual(missing.fd, -1)
    }).pipe(Effect.provide(NativeSockets.layer))
  )
})

describe("getSockErr", () => {
  it.scopedLive("AS-13 gives the pending error in words and clears it; none where there is none (native)", () =>
    Effect.gen(function* () {
      const { sock } = yield* Sockets
      const port = yield* freePort
      const udp = yield* sock({ type: SOCK.DGRAM })
      assert.deepStrictEqual(yield* Dispatcher.getSockErr(udp), none)
      yield* udp.connect(["127.0.0.1", port])
      yield* udp.send(bytes("anybody there?"))
      yield* udp.waitForRead
      assert.deepStrictEqual(yield* Dispatcher.getSockErr(udp), Option.some("connection refused (ECONNREFUSED)"))
      assert.deepStrictEqual(yield* Dispatcher.getSockErr(udp), none)
      const nothing = yield* Effect.flip(udp.recv(1, MSG.DONTWAIT))
      assert.isTrue(nothing._tag === "SocketFault" && nothing.code === "EAGAIN")
    }).pipe(Effect.provide(NativeSockets.layer))
  )

  it.scopedLive("AS-13 is what Node's sockets do not know (portable)", () =>
    Effect.gen(function* () {
      const { sock } = yield* Sockets
      const error = yield* Effect.flip(Dispatcher.getSockErr(yield* sock()))
      assert.strictEqual(error._tag, "Unsupported")
    }).pipe(Effect.provide(PortableSockets.layer))
  )
})

import { Dispatcher } from "@ductworks/sockets"
import { Sockets } from "@ductworks/sockets/Sock"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { bytes, changed, fault, systems, text } from "./support/dispatching.js"

const client = (port: number) =>
  Effect.gen(function* () {
    const { sock } = yield* Sockets
    const made = yield* sock()
    yield* made.connect(["127.0.0.1", port])
    return made
  })

const portOf = (target: Dispatcher.AnyTarget) =>
  Effect.gen(function* () {
    const address = yield* target.sock?.getsockname ?? Effect.dieMessage("it listens")
    return address._tag === "InetAddress" ? address.port : 0
  })

/** Sends back what comes. */
const echo: Parameters<typeof Dispatcher.makeAcceptingSocket<never, never>>[1] = (sock) =>
  Effect.succeed(
    Dispatcher.makeTarget(
      (self) => Dispatcher.drive(Dispatcher.dataReader(self, (data) => Effect.orDie(Effect.asVoid(sock.send(data))))),
      { sock }
    )
  )

const iterating = <E>(dispatcher: Dispatcher.Dispatcher<E>, options?: Dispatcher.IterateOptions<E, never>) =>
  Effect.forkScoped(dispatcher.iterate(options))

for (const [system, layer] of systems) {
  describe(`accepting (${system})`, () => {
    it.scopedLive(`AS-3 an AcceptingSocket gives its dispatcher every connection (${system})`, () =>
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make()
        const server = yield* Dispatcher.makeAcceptingSocket(dispatcher, echo)
        yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        yield* dispatcher.add(server)
        const port = yield* portOf(server)
        yield* iterating(dispatcher)
        const clients = yield* Effect.forEach(["a", "b", "c"], () => client(port))
        for (const [index, word] of ["one", "two", "three"].entries()) {
          const sock = clients[index]
          if (sock === undefined) continue
          yield* sock.send(bytes(word))
          assert.strictEqual(text(yield* sock.recvExact(word.length)), word)
        }
        assert.strictEqual(dispatcher.size, 4)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-3 a connection and what is its own end together, and the listener goes on (${system})`, () =>
      Effect.gen(function* () {
        const { liveSockets } = yield* Sockets
        const dispatcher = yield* Dispatcher.make()
        const over = yield* Deferred.make<void>()
        const server = yield* Dispatcher.makeAcceptingSocket(dispatcher, (...given) =>
          Effect.zipRight(
            Effect.addFinalizer(() => Deferred.succeed(over, undefined)),
            echo(...given)
          )
        )
        yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        yield* dispatcher.add(server)
        const port = yield* portOf(server)
        const before = yield* liveSockets
        yield* iterating(dispatcher)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const sock = yield* client(port)
            yield* sock.send(bytes("x"))
            yield* sock.recvExact(1)
          })
        )
        yield* Deferred.await(over)
        const again = yield* client(port)
        yield* again.send(bytes("y"))
        assert.strictEqual(text(yield* again.recvExact(1)), "y")
        assert.strictEqual(yield* liveSockets, before + 2)
        assert.strictEqual(dispatcher.size, 2)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-3 AS-5 the closer that a connection is given closes it (${system})`, () =>
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make()
        const server = yield* Dispatcher.makeAcceptingSocket(dispatcher, (sock, _, closer) =>
          Effect.succeed(Dispatcher.makeTarget((self) => () => closer(self), { sock }))
        )
        yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        yield* dispatcher.add(server)
        yield* iterating(dispatcher)
        const sock = yield* client(yield* portOf(server))
        yield* sock.send(bytes("?"))
        const end = yield* Effect.either(sock.recv(1))
        assert.isTrue(end._tag === "Left" || end.right.length === 0)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-3 AS-15 a factory that fails goes to onError, and the listener goes on (${system})`, () =>
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make<string>()
        let made = 0
        const server = yield* Dispatcher.makeAcceptingSocket<string, never>(dispatcher, (sock) =>
          (made += 1) === 1
            ? Effect.fail("not you")
            : Effect.succeed(Dispatcher.makeTarget((self) => Dispatcher.drive(Dispatcher.dataReader(self)), { sock }))
        )
        yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        yield* dispatcher.add(server)
        const port = yield* portOf(server)
        const errors: Array<unknown> = []
        yield* iterating(dispatcher, {
          onError: ({ cause }) => Effect.sync(() => void errors.push(cause._tag === "Fail" ? cause.error : cause))
        })
        const first = yield* client(port)
        const end = yield* Effect.either(first.recv(1))
        assert.isTrue(end._tag === "Left" || end.right.length === 0)
        const second = yield* client(port)
        yield* second.send(bytes("x"))
        assert.deepStrictEqual(errors, ["not you"])
        assert.strictEqual(server.dispatchState, "listening")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-3 without descriptors the listener rests, and goes on (${system})`, () =>
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make()
        const server = yield* Dispatcher.makeAcceptingSocket(dispatcher, echo)
        const sock = yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        let refusals = 0
        server.sock = changed(sock, {
          get acceptNow() {
            return (refusals += 1) === 1 ? fault("EMFILE") : sock.acceptNow
          }
        })
        yield* dispatcher.add(server)
        const port = yield* portOf(server)
        const errors: Array<string> = []
        yield* iterating(dispatcher, {
          onError: ({ cause }) =>
            Effect.sync(() => void errors.push(cause._tag === "Fail" ? cause.error._tag : cause._tag))
        })
        const made = yield* client(port)
        yield* made.send(bytes("x"))
        assert.strictEqual(text(yield* made.recvExact(1)), "x")
        assert.deepStrictEqual(errors, ["SocketFault"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-3 the connections are a stream, which ends when the listener is closed (${system})`, () =>
      Effect.gen(function* () {
        const { liveSockets } = yield* Sockets
        const server = Dispatcher.makeTarget(() => () => Effect.void)
        const listener = yield* Dispatcher.listenTcp(server, "127.0.0.1", 0)
        const port = yield* portOf(server)
        const before = yield* liveSockets
        const serving = Dispatcher.connections(server).pipe(
          Stream.mapEffect(
            ({ address, close, sock }) =>
              Effect.ensuring(Effect.zipRight(sock.send(bytes(address._tag)), sock.recv(1)), close),
            { concurrency: "unbounded" }
          ),
          Stream.runCount
        )
        const count = yield* Effect.fork(serving)
        for (let round = 0; round < 3; round += 1) {
          const words = yield* Effect.scoped(
            Effect.gen(function* () {
              const sock = yield* client(port)
              return text(yield* sock.recvExact("InetAddress".length))
            })
          )
          assert.strictEqual(words, "InetAddress")
        }
        const last = yield* Effect.scoped(Effect.flatMap(client(port), (sock) => sock.recvExact(11)))
        assert.strictEqual(last.length, 11)
        yield* listener.close
        assert.strictEqual(yield* Fiber.join(count), 4)
        assert.strictEqual(yield* liveSockets, before)
      }).pipe(Effect.provide(layer))
    )
  })
}

import { Dispatcher } from "@ductworks/sockets"
import { Sockets } from "@ductworks/sockets/Sock"
import { SHUT, SOCK } from "@ductworks/sockets/SocketConstants"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"
import { bytes, changed, connected, fault, fill, systems, text } from "./support/dispatching.js"

const blocked = Symbol("blocked")

const passing = ["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "EINTR"] as const

for (const [system, layer] of systems) {
  describe(`steps (${system})`, () => {
    it.scopedLive(
      `AS-6 socketReader gives at most bufferSize bytes a step, and the sentinel where it would wait (${system})`,
      () =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const step = Dispatcher.socketReader(client, blocked, 4)
          assert.strictEqual(yield* step, blocked)
          yield* server.send(bytes("hello"))
          yield* client.waitForRead
          assert.deepStrictEqual(yield* step, bytes("hell"))
          assert.deepStrictEqual(yield* step, bytes("o"))
          assert.strictEqual(yield* step, blocked)
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive(
      `AS-7 AS-8 half an item whose memory was transferred is InvalidArgument, and does not pass for a whole one (${system})`,
      () =>
        Effect.gen(function* () {
          const [client] = yield* connected
          const write = Dispatcher.socketWriter(client)
          const data = new Uint8Array(32 * 1024 * 1024)
          let left: number | symbol = yield* write(data)
          while (typeof left === "number" && left > 0) left = yield* write()
          assert.strictEqual(left, Dispatcher.writeSentinel)
          structuredClone(data.buffer, { transfer: [data.buffer] })
          const failure = yield* Effect.flip(write())
          assert.isTrue(Option.isSome(failure) && failure.value._tag === "InvalidArgument")
          assert.isTrue(Option.isNone(yield* Effect.flip(write())))
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 its buffer is 8192 bytes by default (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        yield* server.send(new Uint8Array(20_000))
        yield* server.shutdown(SHUT.WR)
        const step = Dispatcher.socketReader(client)
        const sizes: Array<number> = []
        for (let end = false; !end;) {
          yield* client.waitForRead
          const outcome = yield* Effect.option(step)
          end = Option.isNone(outcome)
          if (Option.isSome(outcome) && typeof outcome.value !== "symbol") sizes.push(outcome.value.length)
        }
        assert.strictEqual(Math.max(...sizes), 8192)
        assert.strictEqual(
          sizes.reduce((sum, size) => sum + size, 0),
          20_000
        )
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 the end of the stream ends it, and so it stays (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        yield* server.close
        yield* client.waitForRead
        const step = Dispatcher.socketReader(client)
        assert.deepStrictEqual(yield* Effect.flip(step), Option.none())
        assert.deepStrictEqual(yield* Effect.flip(step), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 EAGAIN, EWOULDBLOCK, ENOBUFS and EINTR are waits (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        for (const code of passing) {
          const step = Dispatcher.socketReader(changed(client, { recv: () => fault(code) }))
          assert.strictEqual(yield* step, Dispatcher.readSentinel, code)
          assert.strictEqual(yield* step, Dispatcher.readSentinel, code)
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 any other error ends it: told once (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const error = fault("EIO")
        const step = Dispatcher.socketReader(changed(client, { recv: () => error }))
        assert.deepStrictEqual(yield* Effect.flip(step), Option.some(error))
        assert.deepStrictEqual(yield* Effect.flip(step), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 an empty datagram is one, and no end (${system})`, () =>
      Effect.gen(function* () {
        const { sock } = yield* Sockets
        const receiver = yield* sock({ type: SOCK.DGRAM })
        yield* receiver.bind(["127.0.0.1", 0])
        const sender = yield* sock({ type: SOCK.DGRAM })
        yield* sender.sendto(new Uint8Array(0), yield* receiver.getsockname)
        yield* receiver.waitForRead
        const step = Dispatcher.socketReader(receiver)
        assert.deepStrictEqual(yield* step, new Uint8Array(0))
        assert.strictEqual(yield* step, Dispatcher.readSentinel)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 on a closed socket it fails with SocketClosed (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        yield* client.close
        const error = yield* Effect.flip(Dispatcher.socketReader(client))
        assert.strictEqual(Option.getOrUndefined(error)?._tag, "SocketClosed")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-6 steps are a pull of a stream (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        yield* server.send(bytes("one"))
        yield* server.close
        const step = Effect.zipRight(Effect.mapError(client.waitForRead, Option.some), Dispatcher.socketReader(client))
        const all = yield* Stream.runCollect(Stream.repeatEffectOption(step))
        const words = Chunk.toReadonlyArray(all).map((data) => (typeof data === "symbol" ? "" : text(data)))
        assert.strictEqual(words.join(""), "one")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(
      `AS-7 socketWriter goes on with what is left, and gives the sentinel where it would wait (${system})`,
      () =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const write = Dispatcher.socketWriter(client, blocked)
          assert.strictEqual(yield* write(bytes("whole")), 0)
          assert.deepStrictEqual(yield* server.recvExact(5), bytes("whole"))

          const data = new Uint8Array(32 * 1024 * 1024).map((_, index) => index % 251)
          let left = yield* write(data)
          let sentinels = 0
          yield* Effect.fork(
            Effect.gen(function* () {
              while (left !== 0) {
                if (left === blocked) {
                  sentinels += 1
                  yield* client.waitForWrite
                }
                left = yield* write()
              }
              yield* client.shutdown(SHUT.WR)
            })
          )
          const received = yield* server.recvExact(data.length)
          assert.isTrue(Buffer.compare(received, data) === 0)
          assert.isAbove(sentinels, 0)
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-7 a short send is resumed where it stopped (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const short = changed(client, { send: (data, flags) => client.send(data.subarray(0, 3), flags) })
        const write = Dispatcher.socketWriter(short)
        assert.strictEqual(yield* write(bytes("abcdefgh")), 5)
        assert.strictEqual(yield* write(), 2)
        assert.strictEqual(yield* write(), 0)
        assert.strictEqual(yield* write(), 0)
        assert.strictEqual(text(yield* server.recvExact(8)), "abcdefgh")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-7 new bytes while some are left are refused (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const short = changed(client, { send: (data, flags) => client.send(data.subarray(0, 1), flags) })
        const write = Dispatcher.socketWriter(short)
        yield* write(bytes("ab"))
        const error = yield* Effect.flip(write(bytes("c")))
        assert.strictEqual(Option.getOrUndefined(error)?._tag, "InvalidArgument")
        assert.strictEqual(yield* write(), 0)
        assert.strictEqual(text(yield* server.recvExact(2)), "ab")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-7 EAGAIN, EWOULDBLOCK, ENOBUFS and EINTR are waits; any other error ends it (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        for (const code of passing) {
          const write = Dispatcher.socketWriter(changed(client, { send: () => fault(code) }))
          assert.strictEqual(yield* write(bytes("x")), Dispatcher.writeSentinel, code)
          assert.strictEqual(yield* write(), Dispatcher.writeSentinel, code)
        }
        const error = fault("EPIPE")
        const write = Dispatcher.socketWriter(changed(client, { send: () => error }))
        assert.deepStrictEqual(yield* Effect.flip(write(bytes("x"))), Option.some(error))
        assert.deepStrictEqual(yield* Effect.flip(write()), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-7 the default sentinel tells that the system's buffer is full (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const write = Dispatcher.socketWriter(client)
        let outcome: number | symbol = 0
        // Its room may grow while it is being filled.
        while (outcome === 0) {
          yield* fill(client)
          outcome = yield* write(bytes("x"))
        }
        assert.strictEqual(outcome, Dispatcher.writeSentinel)
      }).pipe(Effect.provide(layer))
    )
  })
}

describe("sentinels", () => {
  it("AS-14 are unique symbols", () => {
    assert.strictEqual(typeof Dispatcher.readSentinel, "symbol")
    assert.strictEqual(typeof Dispatcher.writeSentinel, "symbol")
    assert.isFalse(Object.is(Dispatcher.readSentinel, Dispatcher.writeSentinel))
    assert.isUndefined(Symbol.keyFor(Dispatcher.readSentinel))
    assert.isUndefined(Symbol.keyFor(Dispatcher.writeSentinel))
  })
})

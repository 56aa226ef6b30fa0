import { Address, type Connection, Transport } from "@ductworks/core"
import { checkTransport, FaultyTransport, MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, TestClock } from "effect"

const faulty = (options: FaultyTransport.Options) =>
  Layer.provide(FaultyTransport.layer(options), MemoryTransport.layer)

/** A client behind the faults, and a server that has none. */
const open = (options: FaultyTransport.Options) =>
  Effect.gen(function* () {
    const memory = MemoryTransport.make()
    const listener = yield* memory.listen(Option.some(Address.MemoryAddress("server")))
    const client = yield* FaultyTransport.make(memory, options).connect(listener.address)
    const server = yield* listener.accept
    return { client, server }
  })

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index)

/** Everything that arrives, and the error it ended with. */
const drain = (connection: Connection.Connection) =>
  Effect.gen(function* () {
    const chunks: Array<Uint8Array> = []
    const error = yield* Effect.flip(
      Effect.forever(Effect.map(connection.pull, (pulled) => void chunks.push(...pulled)))
    )
    return { sizes: chunks.map((chunk) => chunk.length), all: chunks.flatMap((chunk) => [...chunk]), end: error._tag }
  })

describe("FaultyTransport", () => {
  it.scoped("1-byte slices arrive one by one, in both directions", () =>
    Effect.gen(function* () {
      const { client, server } = yield* open({ outgoing: { slice: 1 }, incoming: { slice: 1 } })
      yield* client.write([bytes])
      yield* client.endWrite
      const there = yield* drain(server)
      assert.deepStrictEqual(there, { sizes: Array.from(bytes, () => 1), all: [...bytes], end: "RemoteDuctClosed" })
      yield* server.write([bytes])
      yield* server.endWrite
      const back = yield* drain(client)
      assert.deepStrictEqual(back, there)
    })
  )

  it.scoped("DW-42 numbers that are none are no faults", () =>
    Effect.forEach(
      [{ slice: NaN }, { slice: { upTo: NaN, seed: NaN } }, { cutAfter: NaN, freezeAfter: NaN, resetAfter: NaN }],
      (outgoing) =>
        Effect.gen(function* () {
          const { client, server } = yield* open({ outgoing })
          yield* client.write([bytes])
          yield* client.endWrite
          assert.deepStrictEqual((yield* drain(server)).all, [...bytes])
        })
    )
  )

  it.scoped("random slices are the same for the same seed", () =>
    Effect.gen(function* () {
      const sizes = (seed: number) =>
        Effect.gen(function* () {
          const { client, server } = yield* open({ outgoing: { slice: { upTo: 10, seed } } })
          yield* client.write([bytes])
          yield* client.endWrite
          const { all, sizes } = yield* drain(server)
          assert.deepStrictEqual(all, [...bytes])
          return sizes
        })
      const one = yield* sizes(1)
      assert.isAbove(new Set(one).size, 1)
      assert.isAtMost(Math.max(...one), 10)
      assert.deepStrictEqual(yield* sizes(1), one)
      assert.notDeepEqual(yield* sizes(2), one)
    })
  )

  it.scoped("a delay runs on the TestClock", () =>
    Effect.gen(function* () {
      const { client, server } = yield* open({ outgoing: { slice: 50, delay: "1 minute" } })
      yield* client.write([bytes])
      const flush = yield* Effect.fork(client.flush)
      yield* TestClock.adjust("59 seconds")
      assert.isFalse(yield* server.poll(Duration.zero))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* server.pull, [bytes.subarray(0, 50)])
      assert.strictEqual(client.pending(), 50)
      assert.isNull(flush.unsafePoll())
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* server.pull, [bytes.subarray(50)])
      yield* Fiber.join(flush)
    })
  )

  for (const n of [0, 1, 3, 99, 100]) {
    it.scoped(`cut after ${n} bytes, either way`, () =>
      Effect.gen(function* () {
        const out = yield* open({ outgoing: { cutAfter: n } })
        yield* Effect.ignore(out.client.write([bytes]))
        assert.deepStrictEqual(yield* drain(out.server), {
          sizes: n === 0 ? [] : [n],
          all: [...bytes.subarray(0, n)],
          end: "RemoteDuctClosed"
        })
        const refused = yield* Effect.flip(out.client.write([bytes]))
        assert.strictEqual(refused._tag, "RemoteDuctClosed")
        // The other direction still stands.
        yield* out.server.write([bytes])
        assert.deepStrictEqual(yield* out.client.pull, [bytes])

        const back = yield* open({ incoming: { cutAfter: n } })
        yield* back.server.write([bytes])
        assert.deepStrictEqual(yield* drain(back.client), {
          sizes: n === 0 ? [] : [n],
          all: [...bytes.subarray(0, n)],
          end: "RemoteDuctClosed"
        })
      })
    )

    it.scoped(`reset after ${n} bytes, either way`, () =>
      Effect.gen(function* () {
        const out = yield* open({ outgoing: { resetAfter: n } })
        yield* Effect.ignore(out.client.write([bytes]))
        const there = yield* drain(out.server)
        assert.deepStrictEqual(there.all, [...bytes.subarray(0, n)])
        assert.strictEqual(there.end, "RemoteDuctReset")
        assert.strictEqual((yield* drain(out.client)).end, "RemoteDuctReset")

        const back = yield* open({ incoming: { resetAfter: n } })
        yield* back.server.write([bytes])
        const here = yield* drain(back.client)
        assert.deepStrictEqual(here.all, [...bytes.subarray(0, n)])
        assert.strictEqual(here.end, "RemoteDuctReset")
        assert.strictEqual((yield* drain(back.server)).end, "RemoteDuctReset")
      })
    )
  }

  it.scoped("freezes after n bytes until it is thawed, with finite buffers", () =>
    Effect.gen(function* () {
      const valve = yield* FaultyTransport.valve
      const { client, server } = yield* open({ outgoing: { freezeAfter: 10 }, valve })
      yield* client.write([bytes])
      assert.deepStrictEqual(yield* server.pull, [bytes.subarray(0, 10)])
      let accepted = 0
      const writer = yield* Effect.fork(
        Effect.forever(Effect.map(client.write([new Uint8Array(10_000)]), () => (accepted += 10_000)))
      )
      for (let i = 0; i < 1000; i++) yield* Effect.yieldNow()
      assert.isNull(writer.unsafePoll())
      assert.isAtMost(accepted, 1024 * 1024)
      assert.isFalse(yield* server.poll(Duration.zero))
      yield* Fiber.interrupt(writer)
      yield* valve.thaw
      let received = 0
      while (received < 90 + accepted) received += (yield* server.pull).reduce((sum, chunk) => sum + chunk.length, 0)
      assert.strictEqual(received, 90 + accepted)
    })
  )

  it.scoped("a valve stops and starts every connection at once", () =>
    Effect.gen(function* () {
      const valve = yield* FaultyTransport.valve
      const { client, server } = yield* open({ valve })
      yield* valve.freeze
      yield* client.write([bytes])
      yield* server.write([bytes])
      for (let i = 0; i < 100; i++) yield* Effect.yieldNow()
      assert.isFalse(yield* client.poll(Duration.zero))
      assert.isFalse(yield* server.poll(Duration.zero))
      yield* valve.thaw
      assert.deepStrictEqual(yield* client.pull, [bytes])
      assert.deepStrictEqual(yield* server.pull, [bytes])
    })
  )

  it.scoped("a frozen line does not hang its scope", () =>
    Effect.gen(function* () {
      const valve = yield* FaultyTransport.valve
      yield* valve.freeze
      const used = Effect.gen(function* () {
        const transport = yield* Transport.Transport
        const [left] = yield* transport.pair({ linger: "50 millis" })
        yield* left.write([bytes])
      })
      yield* Effect.scoped(used).pipe(Effect.provide(faulty({ valve })))
    })
  )
})

describe("DW-42 checkTransport over memory through a line without faults", () => {
  for (const check of checkTransport({ cannot: ["fileno"], bytes: 1_000_000 })) {
    it.effect(`law ${check.law}: ${check.name}`, () => check.run.pipe(Effect.provide(faulty({}))))
  }
})

describe("DW-42 checkTransport over memory in random slices", () => {
  const slice = { upTo: 5000, seed: 3 }
  for (const check of checkTransport({ cannot: ["fileno"], bytes: 200_000, seed: 3 })) {
    it.live(`law ${check.law}: ${check.name}`, () =>
      check.run.pipe(Effect.provide(faulty({ outgoing: { slice }, incoming: { slice } })))
    )
  }
})

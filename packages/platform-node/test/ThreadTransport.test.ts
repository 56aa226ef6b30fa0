import { Connection, RawDuct } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { MessageDuct } from "@ductworks/message"
import { ThreadTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

const script = fileURLToPath(new URL("../build/test/fixtures/thread.js", import.meta.url))

/** A worker at the other end, and this end. */
const withWorker = (mode: "echo" | "flood" | "truncate") =>
  Effect.gen(function* () {
    const [here, there] = ThreadTransport.channel()
    const start = () => new Worker(script, { workerData: { mode, end: there }, transferList: [there.port] })
    const worker = yield* Effect.acquireRelease(Effect.sync(start), (worker) =>
      Effect.promise(() => worker.terminate())
    )
    return { worker, connection: yield* ThreadTransport.connection(here) }
  })

const messages = (connection: Connection.Connection) => MessageDuct.fromRaw(RawDuct.fromConnection(connection))

const asleep = 1

/** What another thread does just after the bell's word was changed so for the first time. */
const after = (name: "exchange" | "store", step: () => void) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const original = Atomics[name]
      let isDone = false
      const value = new Proxy(original, {
        apply: (target, self, values): unknown => {
          const result: unknown = Reflect.apply(target, self, values)
          if (!isDone && values[1] === asleep) {
            isDone = true
            step()
          }
          return result
        }
      })
      Object.defineProperty(Atomics, name, { value })
      return original
    }),
    (value) => Effect.sync(() => Object.defineProperty(Atomics, name, { value }))
  )

/** A clock that goes on by a millisecond whenever somebody looks at it; the milliseconds by now. */
const hurriedClock = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const original = process.hrtime.bigint
      const looks = { count: 0 }
      const start = process.hrtime.bigint()
      const value = () => start + 1_000_000n * BigInt((looks.count += 1))
      Object.defineProperty(process.hrtime, "bigint", { value })
      return { looks, original }
    }),
    ({ original: value }) => Effect.sync(() => Object.defineProperty(process.hrtime, "bigint", { value }))
  ),
  ({ looks }) =>
    () =>
      looks.count
)

describe("ThreadTransport", () => {
  it.scopedLive("DW-24 messages go to a worker thread and back, also large ones", () =>
    Effect.gen(function* () {
      const { connection } = yield* withWorker("echo")
      const duct = yield* messages(connection)
      for (const message of [["hello", 42], "x".repeat(1_000_000), { last: true }]) {
        yield* duct.send(message)
        assert.deepStrictEqual(yield* duct.recv, message)
      }
    })
  )

  it.scopedLive("law 7 a worker that is terminated in mid-stream ends the reader and the writer", () =>
    Effect.gen(function* () {
      const { connection, worker } = yield* withWorker("flood")
      yield* connection.pull
      const reader = yield* Effect.fork(Effect.flip(Effect.forever(connection.pull)))
      const writer = yield* Effect.fork(Effect.flip(Effect.forever(connection.write([new Uint8Array(65_536)]))))
      yield* Effect.promise(() => worker.terminate())
      assert.strictEqual((yield* Fiber.join(reader))._tag, "RemoteDuctReset")
      assert.strictEqual((yield* Fiber.join(writer))._tag, "RemoteDuctReset")
    })
  )

  it.scopedLive("DW-31 a worker that ends inside a message: MessageTruncated", () =>
    Effect.gen(function* () {
      const { connection } = yield* withWorker("truncate")
      const duct = yield* messages(connection)
      yield* duct.send("go")
      assert.strictEqual((yield* Effect.flip(duct.recv))._tag, "MessageTruncated")
    })
  )

  it.scopedLive(
    "law 1 room that is made while the writer begins to wait, and is too little, leaves it waiting for more",
    () =>
      Effect.gen(function* () {
        const [here, there] = ThreadTransport.channel({ capacity: 64 })
        const left = yield* ThreadTransport.connection(here)
        const right = yield* ThreadTransport.connection(there)
        let arrived = 0
        const count = (chunks: ReadonlyArray<Uint8Array>) => chunks.forEach((chunk) => (arrived += chunk.length))
        yield* after("store", () => {
          const taken = right.take()
          if (Array.isArray(taken)) count(taken)
        })
        yield* left.write([new Uint8Array(1000)])
        assert.strictEqual(arrived, 64)
        while (arrived < 1000) count(yield* right.pull)
        yield* left.flush
      })
  )

  it.scopedLive(
    "law 1 a write of what the other end has read is none that failed, though that end has closed since",
    () =>
      Effect.gen(function* () {
        const [here, there] = ThreadTransport.channel()
        const left = yield* ThreadTransport.connection(here)
        const scope = yield* Scope.make()
        const right = yield* Scope.extend(ThreadTransport.connection(there), scope)
        yield* after("exchange", () => {
          right.take()
          Effect.runSync(Scope.close(scope, Exit.void))
        })
        yield* left.write([new Uint8Array(10)])
        yield* left.flush
        assert.strictEqual((yield* Effect.flip(left.write([new Uint8Array(10)])))._tag, "RemoteDuctClosed")
      })
  )

  it.scopedLive("a spinning receive takes what comes meanwhile, and waits when nothing does", () =>
    Effect.gen(function* () {
      const [here, there] = ThreadTransport.channel()
      const left = yield* ThreadTransport.connection(here, { busyPoll: "1 millis" })
      const right = yield* ThreadTransport.connection(there)
      const pulling = yield* Effect.fork(left.pull)
      yield* Effect.yieldNow()
      yield* right.write([Uint8Array.of(1)])
      assert.deepStrictEqual(yield* Fiber.join(pulling), [Uint8Array.of(1)])
    })
  )

  it.scopedLive("DW-1 DW-10 DW-12 a spin ends at the time-out of who waits, and is not repeated in vain", () =>
    Effect.gen(function* () {
      const now = yield* hurriedClock
      const spinning = Effect.gen(function* () {
        const [here, there] = ThreadTransport.channel()
        yield* ThreadTransport.connection(there)
        return RawDuct.fromConnection(yield* ThreadTransport.connection(here, { busyPoll: "1 second" }), {
          timeout: "50 millis"
        })
      })
      const looks: ReadonlyArray<readonly [most: number, look: (duct: RawDuct.RawDuct) => Effect.Effect<unknown>]> = [
        [100, (duct) => duct.poll("50 millis").pipe(Effect.orDie)],
        [100, (duct) => Effect.flip(duct.recv(1)).pipe(Effect.orDie)],
        [10, (duct) => duct.poll(0).pipe(Effect.orDie)],
        [10, (duct) => Effect.flip(duct.recv(1, { dontWait: true })).pipe(Effect.orDie)],
        // Once a second, and then it waits.
        [1100, (duct) => Effect.fork(duct.pull).pipe(Effect.tap(Effect.yieldNow()), Effect.flatMap(Fiber.interrupt))]
      ]
      for (const [most, look] of looks) {
        const duct = yield* spinning
        const begun = now()
        yield* look(duct)
        assert.isBelow(now() - begun, most)
      }
    })
  )

  it.scopedLive("busyPoll may be as long as any Duration, or no number", () =>
    Effect.gen(function* () {
      for (const busyPoll of [Number.MAX_VALUE, Duration.infinity, Number.NaN, -1]) {
        const [here, there] = ThreadTransport.channel()
        const left = yield* ThreadTransport.connection(here, { busyPoll })
        const right = yield* ThreadTransport.connection(there)
        yield* right.write([Uint8Array.of(1)])
        assert.deepStrictEqual(yield* left.pull, [Uint8Array.of(1)])
      }
    })
  )

  it("the capacity is a power of two, finite whatever is asked", () => {
    for (const [asked, given] of [
      [1, 64],
      [65, 128],
      [Number.NaN, ThreadTransport.defaultCapacity],
      [-5, 64]
    ]) {
      const [end] = ThreadTransport.channel({ capacity: asked })
      assert.strictEqual(end.capacity, given)
      end.port.close()
    }
  })

  it("an end of a channel is told from what is none", () => {
    const [end, other] = ThreadTransport.channel()
    assert.isTrue(ThreadTransport.isThreadEnd(end))
    for (const wrong of [undefined, null, {}, { ...end, capacity: 64 }, { ...end, side: 2 }, { ...end, port: {} }]) {
      assert.isFalse(ThreadTransport.isThreadEnd(wrong))
    }
    end.port.close()
    other.port.close()
  })

  it.effect("DW-42 connect and listen are Unsupported", () =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const connecting = Effect.flip(Effect.scoped(transport.connect({ _tag: "MemoryAddress", name: "x" })))
      assert.strictEqual((yield* connecting)._tag, "Unsupported")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(transport.listen(Option.none()))))._tag, "Unsupported")
    }).pipe(Effect.provide(ThreadTransport.layer))
  )
})

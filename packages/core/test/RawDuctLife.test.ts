import { Address, DuctError, RawDuct, Transport } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Option, TestClock } from "effect"
import * as fs from "node:fs"
import { ActAfter } from "./support/actAfter.js"
import { bytes, connected, over, scoped, text, transports } from "./support/transports.js"

/** A transport that must not be used. */
const untouched = Layer.succeed(Transport.Transport, {
  connect: () => Effect.dieMessage("connect"),
  listen: () => Effect.dieMessage("listen"),
  pair: () => Effect.dieMessage("pair")
})

const memory = Effect.provide(MemoryTransport.layer)

describe("the life of parent and child", () => {
  it("DW-3 the constants are 30 seconds, 3 times, 3 seconds, 60 seconds", () => {
    assert.deepStrictEqual(RawDuct.defaultTimeout, Duration.seconds(30))
    assert.strictEqual(RawDuct.defaultRetryCount, 3)
    assert.deepStrictEqual(RawDuct.defaultRetryDelay, Duration.seconds(3))
    assert.deepStrictEqual(RawDuct.defaultPollTimeout, Duration.seconds(60))
  })

  it.scoped("DW-1 DW-2 making a duct does no I/O; the time-out is 30 seconds unless told otherwise", () =>
    Effect.gen(function* () {
      const address = Address.MemoryAddress("nowhere")
      const parent = yield* RawDuct.parent({ address })
      const child = yield* RawDuct.child({ address, timeout: "1 second" })
      assert.deepStrictEqual(parent.timeout, Duration.seconds(30))
      assert.deepStrictEqual(child.timeout, Duration.seconds(1))
      assert.deepStrictEqual((yield* RawDuct.child({ address })).timeout, Duration.seconds(30))
      assert.deepStrictEqual(parent.bindAddress, Option.some(address))
      assert.deepStrictEqual(child.connectAddress, address)
      assert.deepStrictEqual((yield* RawDuct.parent()).bindAddress, Option.none())
      const unbound = yield* Effect.flip(parent.listenerAddress)
      assert.deepStrictEqual(unbound, new DuctError.NotConnected({ operation: "listenerAddress" }))
    }).pipe(Effect.provide(untouched))
  )

  over("DW-4 DW-5 DW-36 DW-38 DW-39 bind, connect, listen; each may be asked once", (kind) =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent(kind.anywhere)
      const address = yield* parent.bind()
      assert.deepStrictEqual(yield* parent.bind(5), address)
      assert.deepStrictEqual(yield* parent.listenerAddress, address)
      const child = yield* RawDuct.child({ address })
      assert.deepStrictEqual(child.timeout, Duration.seconds(30))
      yield* child.connect()
      assert.isTrue(yield* parent.listen("10 seconds"))
      const again: ReadonlyArray<Effect.Effect<unknown, DuctError.DuctError>> = [
        parent.bind(),
        parent.listen(),
        child.connect()
      ]
      for (const operation of again) {
        assert.instanceOf(yield* Effect.flip(operation), DuctError.AlreadyConnected)
      }
      assert.deepStrictEqual(yield* child.remoteAddress, address)
      assert.deepStrictEqual(yield* parent.listenerAddress, address)
      yield* parent.close()
      assert.deepStrictEqual(yield* parent.listenerAddress, address)
    })
  )

  over("DW-4 M-5 an address in use is AddressInUse, and the duct can bind when it is free", (kind) =>
    Effect.gen(function* () {
      const address = yield* kind.free
      const first = yield* RawDuct.parent({ address })
      yield* first.bind()
      const second = yield* RawDuct.parent({ address })
      const attempts: ReadonlyArray<Effect.Effect<unknown, DuctError.DuctError>> = [
        second.bind(),
        second.bind(),
        second.listen("1 second")
      ]
      for (const attempt of attempts) {
        const error = yield* Effect.flip(attempt)
        assert.instanceOf(error, DuctError.BindFailed)
        assert.strictEqual(error.reason, "AddressInUse")
      }
      assert.isFalse(yield* first.listen(0))
      yield* first.close()
      yield* second.bind()
      const child = yield* RawDuct.child({ address: yield* second.listenerAddress })
      yield* child.connect()
      assert.isTrue(yield* second.listen())
    })
  )

  over("DW-5 listen is false when nobody comes, and the listener stays usable; it binds if need be", (kind) =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent(kind.anywhere)
      assert.isFalse(yield* parent.listen("5 millis"))
      assert.isFalse(yield* parent.listen(0))
      const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
      yield* child.connect()
      assert.isTrue(yield* parent.listen("10 seconds"))
      yield* child.sendAll(bytes("after all"))
      assert.strictEqual(text(yield* parent.recvExact(9)), "after all")
    })
  )

  it.scoped("DW-5 listen waits 60 seconds by default, for ever with infinity, and 0 probes (memory)", () =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent()
      const listening = yield* Effect.fork(parent.listen())
      yield* TestClock.adjust("59 seconds")
      assert.isNull(listening.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* Fiber.join(listening))
      assert.isFalse(yield* parent.listen(0))
      const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
      yield* child.connect()
      assert.isTrue(yield* parent.listen(0))
      yield* parent.close()
      const forever = yield* Effect.fork(parent.listen(Duration.infinity))
      yield* TestClock.adjust("365 days")
      assert.isNull(forever.unsafePoll())
      const other = yield* RawDuct.child({ address: yield* parent.listenerAddress })
      yield* other.connect()
      assert.isTrue(yield* Fiber.join(forever))
    }).pipe(memory)
  )

  over("DW-5 of two concurrent listens one is connected and the other AlreadyConnected", (kind) =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent(kind.anywhere)
      yield* parent.bind(2)
      const both = yield* Effect.fork(
        Effect.all([Effect.either(parent.listen()), Effect.either(parent.listen())], { concurrency: 2 })
      )
      const address = yield* parent.listenerAddress
      const children = yield* Effect.all([RawDuct.child({ address }), RawDuct.child({ address })])
      yield* Effect.forEach(children, (child) => Effect.either(child.connect({ retryCount: 0 })), { concurrency: 2 })
      const outcomes = (yield* Fiber.join(both)).map((one) => (one._tag === "Right" ? one.right : one.left._tag))
      assert.sameMembers(outcomes, [true, "AlreadyConnected"])
      yield* parent.sendAll(bytes("one of you"))
      const ends = yield* Effect.forEach(children, (child) => Effect.either(child.recv(100)))
      const received = ends.map((end) => (end._tag === "Right" ? text(end.right) : ""))
      assert.sameMembers(received, ["one of you", ""])
    })
  )

  over("DW-6 DW-37 the first child ends the listener; its socket file is gone", (kind) =>
    Effect.gen(function* () {
      const { parent } = yield* connected(kind)
      const address = yield* parent.listenerAddress
      const late = yield* RawDuct.child({ address })
      const error = yield* Effect.flip(late.connect({ retryCount: 0 }))
      assert.instanceOf(error, DuctError.ConnectFailed)
      assert.strictEqual(error.reason, kind.name === "tcp" ? "Refused" : "NotFound")
      if (address._tag === "UnixAddress") assert.isFalse(fs.existsSync(address.path))
    })
  )

  over("DW-14 DW-15 leaving the scope closes; the other end sees the end of what was sent", (kind) =>
    Effect.gen(function* () {
      const { leave, within } = yield* scoped
      const parent = yield* RawDuct.parent(kind.anywhere)
      yield* parent.bind()
      const child = yield* within(RawDuct.child({ address: yield* parent.listenerAddress }))
      yield* child.connect()
      yield* parent.listen()
      yield* child.sendAll(bytes("last words"))
      yield* leave
      assert.strictEqual(text(yield* parent.recv(100, { waitAll: true })), "last words")
      assert.strictEqual((yield* parent.recv(100)).length, 0)
      assert.instanceOf(yield* Effect.flip(child.recv(1)), DuctError.NotConnected)
    })
  )

  over("DW-15 DW-19 DW-20 leaving the scope of a parent that only listens frees the address", (kind) =>
    Effect.gen(function* () {
      const address = yield* kind.free
      const { leave, within } = yield* scoped
      const parent = yield* within(RawDuct.parent({ address }))
      yield* parent.bind()
      const bound = yield* parent.listenerAddress
      assert.deepStrictEqual(bound, address)
      if (bound._tag === "UnixAddress") assert.isTrue(fs.existsSync(bound.path))
      const listening = yield* Effect.fork(Effect.flip(parent.listen()))
      yield* Effect.yieldNow()
      yield* leave
      assert.instanceOf(yield* Fiber.join(listening), DuctError.DuctClosed)
      if (bound._tag === "UnixAddress") assert.isFalse(fs.existsSync(bound.path))
      const next = yield* RawDuct.parent({ address: bound })
      yield* next.bind()
    })
  )

  it.scopedLive("DW-4 DW-6 DW-14 what is bound after a close at any point of a listen, stays bound (memory)", () =>
    Effect.gen(function* () {
      for (let operations = 0; ; operations++) {
        const parent = yield* RawDuct.parent()
        const first = yield* RawDuct.child({ address: yield* parent.bind() })
        yield* first.connect()
        const again = yield* Deferred.make<Address.Address, unknown>()
        const scheduler = new ActAfter(operations, () => {
          Effect.runFork(parent.close())
          Effect.runFork(Effect.intoDeferred(parent.bind(), again))
        })
        const listening = yield* Effect.fork(Effect.withScheduler(parent.listen(), scheduler))
        yield* Effect.raceFirst(Deferred.await(again), Fiber.await(listening))
        if (!scheduler.hasActed) break
        const second = yield* RawDuct.child({ address: yield* Deferred.await(again) })
        yield* second.connect({ retryCount: 0 })
        yield* Fiber.interrupt(listening)
      }
    }).pipe(memory)
  )

  over(
    "DW-41 DW-42 a pair is connected at once",
    (kind) =>
      Effect.gen(function* () {
        const [left, right] = yield* RawDuct.pair()
        yield* left.sendAll(bytes(`over ${kind.name}`))
        assert.strictEqual(text(yield* right.recv(100)), `over ${kind.name}`)
        yield* right.close()
        assert.strictEqual((yield* left.recv(1)).length, 0)
      }),
    transports.filter(({ name }) => name !== "tcp")
  )
})

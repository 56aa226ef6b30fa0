import { Address, DuctError, Transport } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import { MemoryTransport } from "@ductworks/testing"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunks: ReadonlyArray<Uint8Array>) => chunks.map((chunk) => new TextDecoder().decode(chunk)).join("")

const withMemory = Effect.provide(MemoryTransport.layer)

describe("MemoryTransport", () => {
  it.scoped("DW-42 a listener and a connector talk over memory", () =>
    Effect.gen(function* () {
      const transport = yield* Transport.Transport
      const listener = yield* transport.listen(Option.none())
      const child = yield* transport.connect(listener.address)
      yield* child.write([bytes("hello")])
      const parent = yield* listener.accept
      assert.strictEqual(text(yield* parent.pull), "hello")
      assert.deepStrictEqual(parent.localAddress, listener.address)
      assert.deepStrictEqual(child.remoteAddress, listener.address)
      assert.deepStrictEqual(parent.remoteAddress, child.localAddress)
      assert.deepStrictEqual(parent.fileno, Option.none())
    }).pipe(withMemory)
  )

  it.scoped("a name in use is BindFailed AddressInUse, and free again once its scope closed", () =>
    Effect.gen(function* () {
      const transport = yield* Transport.Transport
      const address = Option.some(Address.MemoryAddress("one"))
      const first = yield* Scope.make()
      yield* transport.listen(address).pipe(Scope.extend(first))
      const error = yield* Effect.flip(transport.listen(address))
      assert.instanceOf(error, DuctError.BindFailed)
      assert.strictEqual(error.reason, "AddressInUse")
      assert.include(error.message, "choose another name")
      yield* Scope.close(first, Exit.void)
      yield* transport.listen(address)
    }).pipe(withMemory)
  )

  it.scoped("connecting: unbound NotFound, full backlog BacklogFull, another family InvalidAddress", () =>
    Effect.gen(function* () {
      const transport = yield* Transport.Transport
      const unbound = yield* Effect.flip(transport.connect(Address.MemoryAddress("nobody")))
      assert.instanceOf(unbound, DuctError.ConnectFailed)
      assert.strictEqual(unbound.reason, "NotFound")
      assert.strictEqual(unbound.code, "ENOENT")
      const listener = yield* transport.listen(Option.none(), { backlog: 1 })
      yield* transport.connect(listener.address)
      const full = yield* Effect.flip(transport.connect(listener.address))
      assert.instanceOf(full, DuctError.ConnectFailed)
      assert.strictEqual(full.reason, "BacklogFull")
      for (const address of [Address.TcpAddress("localhost", 1), Address.UnixAddress("/x"), Address.FdAddress(3)]) {
        assert.instanceOf(yield* Effect.flip(transport.connect(address)), DuctError.InvalidAddress)
        assert.instanceOf(yield* Effect.flip(transport.listen(Option.some(address))), DuctError.InvalidAddress)
      }
      assert.instanceOf(yield* Effect.flip(transport.connect(Address.MemoryAddress(""))), DuctError.InvalidAddress)
    }).pipe(withMemory)
  )

  it.scoped("two layers know nothing of each other's names", () =>
    Effect.gen(function* () {
      const one = MemoryTransport.make()
      const other = MemoryTransport.make()
      const address = Address.MemoryAddress("shared")
      yield* one.listen(Option.some(address))
      yield* other.listen(Option.some(address))
      yield* one.connect(address)
    })
  )

  it.scoped("a fresh name never takes one that is bound", () =>
    Effect.gen(function* () {
      const transport = MemoryTransport.make()
      yield* transport.listen(Option.some(Address.MemoryAddress("ductworks-1")))
      const fresh = yield* transport.listen(Option.none())
      assert.notStrictEqual(Address.format(fresh.address), "memory:ductworks-1")
    })
  )

  it.scoped("the capacity bounds what is handed over, byte by byte", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MemoryTransport.make({ capacity: 3 }).pair()
      yield* left.write([bytes("ab"), bytes("cdefgh")])
      assert.strictEqual(left.pending(), 5)
      let got = text(yield* right.pull)
      assert.strictEqual(got, "abc")
      while (got.length < 8) got += text(yield* right.pull)
      assert.strictEqual(got, "abcdefgh")
      assert.strictEqual(left.pending(), 0)
    })
  )

  it.scoped("a closed end is EPIPE to the writer, an aborted one ECONNRESET", () =>
    Effect.gen(function* () {
      const transport = MemoryTransport.make()
      const [one, two] = yield* transport.pair()
      yield* one.write([bytes("last words")])
      yield* one.abort
      assert.strictEqual(text(yield* two.pull), "last words")
      assert.instanceOf(yield* Effect.flip(two.pull), DuctError.RemoteDuctReset)
      const reset = yield* Effect.flip(two.write([bytes("x")]))
      assert.instanceOf(reset, DuctError.RemoteDuctReset)
      assert.strictEqual(reset.code, "ECONNRESET")

      const child = yield* Scope.make()
      const listener = yield* transport.listen(Option.none())
      const gone = yield* transport.connect(listener.address).pipe(Scope.extend(child))
      const parent = yield* listener.accept
      yield* gone.write([bytes("bye")])
      yield* parent.write([bytes("unread")])
      yield* Scope.close(child, Exit.void)
      const pipe = yield* Effect.flip(parent.write([bytes("x")]))
      assert.instanceOf(pipe, DuctError.RemoteDuctClosed)
      assert.strictEqual(pipe.code, "EPIPE")
      assert.strictEqual(text(yield* parent.pull), "bye")
      assert.instanceOf(yield* Effect.flip(parent.pull), DuctError.RemoteDuctClosed)
    })
  )

  it.scoped("a closing listener resets whom it never accepted and wakes accept", () =>
    Effect.gen(function* () {
      const transport = MemoryTransport.make()
      const scope = yield* Scope.make()
      const listener = yield* transport.listen(Option.none()).pipe(Scope.extend(scope))
      const child = yield* transport.connect(listener.address)
      yield* Scope.close(scope, Exit.void)
      assert.instanceOf(yield* Effect.flip(child.pull), DuctError.RemoteDuctReset)
      assert.instanceOf(yield* Effect.flip(Effect.scoped(listener.accept)), DuctError.DuctClosed)
    })
  )

  it.scoped("time-outs run on the TestClock", () =>
    Effect.gen(function* () {
      const [left] = yield* MemoryTransport.make().pair()
      const waiting = yield* Effect.fork(left.poll(Duration.seconds(10)))
      yield* TestClock.adjust("9 seconds")
      assert.isNull(waiting.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* Fiber.join(waiting))
    })
  )

  for (const [capacity, first] of [
    [NaN, MemoryTransport.defaultCapacity],
    [undefined, MemoryTransport.defaultCapacity],
    [-1, 1],
    [0, 1],
    [1.5, 1],
    [Infinity, 200_000]
  ] as const) {
    it.scoped(
      `with a capacity of ${capacity} ${first} bytes of 200,000 are handed over at first, and then the rest`,
      () =>
        Effect.gen(function* () {
          const transport = yield* Transport.Transport
          const [left, right] = yield* transport.pair()
          const writing = yield* Effect.fork(left.write([new Uint8Array(200_000)]))
          yield* right.readable
          const sizes: Array<number> = []
          for (let received = 0; received < 200_000;) {
            const size = (yield* right.pull).reduce((sum, chunk) => sum + chunk.length, 0)
            sizes.push(size)
            received += size
          }
          yield* Fiber.join(writing)
          assert.strictEqual(sizes[0], first)
        }).pipe(Effect.provide(MemoryTransport.layerWith({ capacity })))
    )
  }
})

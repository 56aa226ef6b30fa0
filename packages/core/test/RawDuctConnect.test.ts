import { Address, DuctError, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Schedule, TestClock } from "effect"
import { dialing, refused, scripted } from "./support/fakes.js"
import { bytes, over, scoped, text, turn } from "./support/transports.js"

const address = Address.MemoryAddress("there")

/** Connects over the scripted attempts, with the time moved on; the outcome, and what the transport saw. */
const dial = (attempts: Parameters<typeof dialing>[0], options?: RawDuct.RetryOptions, to: Address.Address = address) =>
  Effect.gen(function* () {
    const { layer, seen } = dialing(attempts)
    const connecting = yield* Effect.fork(
      RawDuct.child({ address: to }).pipe(
        Effect.flatMap((child) => child.connect(options)),
        Effect.scoped,
        Effect.provide(layer)
      )
    )
    const started = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    yield* TestClock.adjust(0)
    while (connecting.unsafePoll() === null) yield* TestClock.adjust("500 millis")
    const ended = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    return { exit: yield* Fiber.await(connecting), seconds: (ended - started) / 1000, ...seen }
  })

describe("connect", () => {
  for (const reason of ["Refused", "NotFound", "BacklogFull"] as const) {
    it.effect(`DW-8 ${reason} is tried again 3 times, 3 seconds apart`, () =>
      Effect.gen(function* () {
        const { attempts, exit, released, seconds } = yield* dial([refused(reason)])
        assert.deepStrictEqual(exit, refused(reason))
        assert.deepStrictEqual([attempts, seconds, released], [4, 9, 4])
      })
    )
  }

  for (const reason of ["TimedOut", "PermissionDenied", "NotASocket", "Unreachable", "NameNotResolved"] as const) {
    it.effect(`DW-8 ${reason} fails at once, and the failed socket is closed`, () =>
      Effect.gen(function* () {
        const { attempts, exit, released, seconds } = yield* dial([refused(reason)])
        assert.deepStrictEqual(exit, refused(reason))
        assert.deepStrictEqual([attempts, seconds, released], [1, 0, 1])
      })
    )
  }

  it.effect("DW-8 a descriptor that is not there fails at once: what has its number later is something else", () =>
    Effect.gen(function* () {
      const descriptor = Address.FdAddress(3)
      const missing = new DuctError.ConnectFailed({ reason: "NotFound", address: Address.format(descriptor) })
      const { attempts, exit } = yield* dial([Exit.fail(missing)], {}, descriptor)
      assert.deepStrictEqual([attempts, exit], [1, Exit.fail(missing)])
    })
  )

  over("what is no address, as it comes out of parsed JSON, is an InvalidAddress of bind and of connect", () =>
    Effect.gen(function* () {
      for (const fields of [{ _tag: "tcp" }, { hostname: undefined }, { port: "80" }]) {
        const wrong = Object.assign(Address.TcpAddress("localhost", 80), fields)
        const parent = yield* RawDuct.parent({ address: wrong })
        const child = yield* RawDuct.child({ address: wrong })
        const errors = yield* Effect.all([Effect.flip(parent.bind()), Effect.flip(child.connect())])
        for (const error of errors) {
          assert.instanceOf(error, DuctError.InvalidAddress)
          assert.include(error.message, "Address.fromString")
        }
      }
    })
  )

  it.effect("DW-8 other errors fail at once", () =>
    Effect.gen(function* () {
      for (const error of [
        new DuctError.InvalidAddress({ address: "x", problem: "wrong" }),
        new DuctError.Unsupported({ operation: "connect", problem: "not here" })
      ]) {
        const { attempts, exit } = yield* dial([Exit.fail(error)])
        assert.deepStrictEqual([attempts, exit], [1, Exit.fail(error)])
      }
    })
  )

  it.effect("DW-8 M-1 count and delay are as asked; a negative count, or what is no number, is no retry", () =>
    Effect.gen(function* () {
      const twice = yield* dial([refused("Refused")], { retryCount: 2, retryDelay: "500 millis" })
      assert.deepStrictEqual([twice.attempts, twice.seconds], [3, 1])
      for (const retryCount of [0, -1, -Infinity, Number.NaN]) {
        assert.strictEqual((yield* dial([refused("NotFound")], { retryCount })).attempts, 1, String(retryCount))
      }
    })
  )

  it.effect("DW-8 a Schedule may be given instead; it is asked only about what is worth another try", () =>
    Effect.gen(function* () {
      const schedule = Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(2))
      const { attempts, seconds } = yield* dial([refused("Refused")], { schedule })
      assert.deepStrictEqual([attempts, seconds], [3, 3])
      assert.strictEqual((yield* dial([refused("Other")], { schedule })).attempts, 1)
    })
  )

  it.effect("DW-8 it ends with the first success", () =>
    Effect.gen(function* () {
      const { attempts, exit } = yield* dial([refused("NotFound"), refused("Refused"), scripted()])
      assert.deepStrictEqual([attempts, exit], [3, Exit.void])
    })
  )

  it.scoped("DW-2 DW-8 the duct's time-out bounds each attempt, and the socket options go along", () =>
    Effect.gen(function* () {
      const { layer, seen } = dialing([scripted()])
      const child = yield* Effect.provide(RawDuct.child({ address, timeout: "7 seconds", noDelay: false }), layer)
      yield* child.connect()
      assert.deepStrictEqual(Duration.decode(seen.options[0]?.timeout ?? 0), Duration.seconds(7))
      assert.strictEqual(seen.options[0]?.noDelay, false)
    })
  )

  it.scoped("DW-14 close ends a connect that waits, and interruption leaves nothing open", () =>
    Effect.gen(function* () {
      const { layer, seen } = dialing([Effect.never])
      const child = yield* Effect.provide(RawDuct.child({ address }), layer)
      const connecting = yield* Effect.fork(Effect.flip(child.connect()))
      while (seen.attempts < 1) yield* Effect.yieldNow()
      yield* child.close()
      assert.deepStrictEqual(yield* Fiber.join(connecting), new DuctError.DuctClosed({ operation: "connect" }))
      const interrupted = yield* Effect.fork(child.connect())
      while (seen.attempts < 2) yield* Effect.yieldNow()
      yield* Fiber.interrupt(interrupted)
      assert.deepStrictEqual([seen.attempts, seen.released], [2, 2])
    })
  )

  it.scoped("DW-8 connect and listen end where interruption is not allowed (memory)", () =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent()
      assert.isFalse(yield* Effect.uninterruptible(parent.listen(0)))
      const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
      yield* Effect.uninterruptible(child.connect())
      assert.isTrue(yield* Effect.uninterruptible(parent.listen("1 second")))
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped("DW-8 a second concurrent connect waits for the first, and is AlreadyConnected then", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { layer, seen } = dialing([Effect.zipRight(Deferred.await(gate), scripted())])
      const child = yield* Effect.provide(RawDuct.child({ address }), layer)
      const first = yield* Effect.fork(child.connect())
      const second = yield* Effect.fork(Effect.flip(child.connect()))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.instanceOf(yield* Fiber.join(second), DuctError.AlreadyConnected)
      assert.strictEqual(seen.attempts, 1)
    })
  )

  over("DW-8 a child may be there before the parent", (kind) =>
    Effect.gen(function* () {
      const address = yield* kind.free
      const child = yield* RawDuct.child({ address })
      const failed = yield* Effect.flip(child.connect({ retryCount: 1, retryDelay: "1 millis" }))
      assert.strictEqual(failed._tag, "ConnectFailed")
      const connecting = yield* Effect.fork(child.connect({ retryCount: 1000, retryDelay: "2 millis" }))
      const parent = yield* RawDuct.parent({ address })
      assert.isTrue(yield* parent.listen("10 seconds"))
      yield* Fiber.join(connecting)
      yield* parent.sendAll(bytes("here now"))
      assert.strictEqual(text(yield* child.recvExact(8)), "here now")
    })
  )

  over("DW-14 M-4 closed, both ends may connect again, and begin with nothing", (kind) =>
    Effect.gen(function* () {
      const address = yield* kind.free
      const parent = yield* RawDuct.parent({ address })
      const child = yield* RawDuct.child({ address })
      for (const word of ["first", "second", "third"]) {
        yield* parent.bind()
        yield* child.connect()
        assert.isTrue(yield* parent.listen())
        yield* child.sendAll(bytes(`${word}, and more that nobody reads`))
        assert.strictEqual(text(yield* parent.recvExact(word.length)), word)
        yield* parent.close()
        assert.strictEqual((yield* child.recv(1)).length, 0)
        yield* child.close()
      }
    })
  )

  over("DW-14 close wakes whoever waits with DuctClosed, and is idempotent", (kind) =>
    Effect.gen(function* () {
      const { leave, within } = yield* scoped
      const parent = yield* RawDuct.parent(kind.anywhere)
      yield* parent.bind()
      const child = yield* within(RawDuct.child({ address: yield* parent.listenerAddress }))
      yield* child.connect()
      yield* parent.listen()
      const operations: ReadonlyArray<Effect.Effect<unknown, DuctError.DuctError>> = [
        child.recv(1),
        child.poll(Duration.infinity),
        parent.recvExact(5)
      ]
      const waiting = yield* Effect.forEach(operations, (operation) => Effect.fork(Effect.flip(operation)))
      yield* turn
      yield* Effect.all([child.close(), child.close(), parent.close()], { concurrency: "unbounded" })
      yield* child.close({ shutdown: true })
      for (const fiber of waiting) assert.instanceOf(yield* Fiber.join(fiber), DuctError.DuctClosed)
      yield* leave
    })
  )
})

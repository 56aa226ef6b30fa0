import { Address, Connection, DuctError, RawDuct, Transport } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer } from "effect"
import { dialing, refused, scripted } from "./support/fakes.js"
import { bytes, text } from "./support/transports.js"

const broken = new DuctError.CommunicationFault({ code: "EBADF" })

/** Memory, but the first listener fails: at once, or when the test says so. Counts the listeners that are open. */
const faultyListener = (fault: Effect.Effect<void> = Effect.void) => {
  const memory = MemoryTransport.make()
  const seen = { listeners: 0, open: 0 }
  const layer = Layer.succeed(Transport.Transport, {
    ...memory,
    listen: (address, options) =>
      Effect.gen(function* () {
        const isFirst = seen.listeners++ === 0
        yield* Effect.acquireRelease(
          Effect.sync(() => seen.open++),
          () => Effect.sync(() => seen.open--)
        )
        const listener = yield* memory.listen(address, options)
        return isFirst ? { ...listener, accept: Effect.zipRight(fault, Exit.fail(broken)) } : listener
      })
  })
  return { seen, layer }
}

describe("faults", () => {
  it.scoped("DW-7 DW-23 a listener that fails is destroyed, the caller gets the fault, and may bind again", () =>
    Effect.gen(function* () {
      const { layer, seen } = faultyListener()
      const address = Address.MemoryAddress("place")
      const parent = yield* Effect.provide(RawDuct.parent({ address }), layer)
      yield* parent.bind()
      assert.strictEqual(yield* Effect.flip(parent.listen()), broken)
      assert.strictEqual(seen.open, 0)
      const listening = yield* Effect.fork(parent.listen(Duration.infinity))
      const child = yield* Effect.provide(RawDuct.child({ address }), layer)
      yield* child.connect()
      assert.isTrue(yield* Fiber.join(listening))
      assert.deepStrictEqual(seen, { listeners: 2, open: 0 })
    })
  )

  it.scoped("DW-4 M-5 a bind that fails leaves nothing behind, and the duct unbound", () =>
    Effect.gen(function* () {
      const memory = MemoryTransport.make()
      let attempts = 0
      const denied = new DuctError.BindFailed({ reason: "PermissionDenied", address: "memory:x", code: "EACCES" })
      const layer = Layer.succeed(Transport.Transport, {
        ...memory,
        listen: (address, options) => (attempts++ < 2 ? Exit.fail(denied) : memory.listen(address, options))
      })
      const parent = yield* Effect.provide(RawDuct.parent(), layer)
      assert.strictEqual(yield* Effect.flip(parent.bind()), denied)
      assert.strictEqual(yield* Effect.flip(parent.listen()), denied)
      assert.instanceOf(yield* Effect.flip(parent.listenerAddress), DuctError.NotConnected)
      yield* parent.bind()
      yield* parent.listenerAddress
    })
  )

  it.scoped("DW-4 DW-14 a bind during which the duct is closed is DuctClosed, and leaves no listener", () =>
    Effect.gen(function* () {
      const memory = MemoryTransport.make()
      const seen = { open: 0, isAsked: false }
      let go = () => {}
      const layer = Layer.succeed(Transport.Transport, {
        ...memory,
        listen: (address, options) =>
          Effect.async<void>((resume) => {
            seen.isAsked = true
            go = () => resume(Effect.void)
          }).pipe(
            Effect.zipRight(
              Effect.acquireRelease(
                Effect.sync(() => seen.open++),
                () => Effect.sync(() => seen.open--)
              )
            ),
            Effect.zipRight(memory.listen(address, options))
          )
      })
      const parent = yield* Effect.provide(RawDuct.parent(), layer)
      const binding = yield* Effect.fork(Effect.flip(parent.bind()))
      while (!seen.isAsked) yield* Effect.yieldNow()
      yield* parent.close()
      go()
      assert.deepStrictEqual(yield* Fiber.join(binding), new DuctError.DuctClosed({ operation: "bind" }))
      assert.strictEqual(seen.open, 0)
    })
  )

  it.scoped("DW-12 M-4 poll on a socket that failed destroys it; the duct is unconnected, and can connect again", () =>
    Effect.gen(function* () {
      const fault = new DuctError.LocalSocketFault({ operation: "recv", code: "EBADF" })
      let closes = 0
      const failing = scripted({ take: () => fault, close: () => Effect.sync(() => closes++) })
      const { layer } = dialing([failing, scripted({ take: () => [bytes("well")] })])
      const child = yield* Effect.provide(RawDuct.child({ address: Address.MemoryAddress("there") }), layer)
      yield* child.connect()
      assert.strictEqual(yield* Effect.flip(child.poll()), fault)
      assert.isAbove(closes, 0)
      assert.instanceOf(yield* Effect.flip(child.recv(1)), DuctError.NotConnected)
      yield* child.connect()
      assert.isTrue(yield* child.poll())
      assert.strictEqual(text(yield* child.recv(10)), "well")
    })
  )

  it.scoped("DW-12 M-3 a reset is readable, and the receive tells of it", () =>
    Effect.gen(function* () {
      const transport = MemoryTransport.make()
      const [left, right] = yield* transport.pair()
      const duct = RawDuct.fromConnection(right)
      yield* left.write([bytes("before")])
      yield* left.abort
      assert.isTrue(yield* duct.poll(0))
      assert.strictEqual(text(yield* duct.recv(100)), "before")
      assert.isTrue(yield* duct.poll(0))
      assert.instanceOf(yield* Effect.flip(duct.recv(1)), DuctError.RemoteDuctReset)
      assert.instanceOf(yield* Effect.flip(duct.sendAll(bytes("x"))), DuctError.RemoteDuctReset)
    })
  )

  it.scoped("DW-42 a whole transport can be written in a test: connections over a driver", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const echo = scripted({ put: (chunks) => void written.push(...chunks.map(text)) })
      const { layer, seen } = dialing([refused("Refused"), echo])
      const child = yield* Effect.provide(RawDuct.child({ address: Address.MemoryAddress("there") }), layer)
      yield* child.connect({ retryDelay: 0 })
      yield* child.sendAll(bytes("hello"))
      assert.deepStrictEqual(written, ["hello"])
      assert.strictEqual(seen.attempts, 2)
      assert.strictEqual(Connection.defaultHighWaterMark, 128 * 1024)
    })
  )
})

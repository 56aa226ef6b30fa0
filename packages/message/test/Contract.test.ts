import { Address, RawDuct } from "@ductworks/core"
import { DuctClosed, DuctTimeout, RemoteDuctClosed } from "@ductworks/core/DuctError"
import { Contract, MessageError, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { ConfigError, ConfigProvider, Context, Deferred, Effect, Fiber, Schema, TestClock } from "effect"
import { frameOf, json, over, transports } from "./support/transports.js"

class Thumbnails extends Contract.make("test/Thumbnails", {
  toChild: Schema.Struct({ path: Schema.String, width: Schema.Number }),
  toParent: Schema.Struct({ path: Schema.String, made: Schema.Date })
}) {}

const memory = Effect.provide(MemoryTransport.layer)

/** Sets variables of this process's environment, as the parent of a process does; they are gone afterwards. */
const environment = (variables: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => Object.assign(process.env, variables)),
    () => Effect.sync(() => Object.keys(variables).forEach((name) => Reflect.deleteProperty(process.env, name)))
  )

describe("Contract", () => {
  it.effect("DW-41 both ends are services of a pair layer, which closes them (memory)", () =>
    Effect.gen(function* () {
      const [parent, child] = yield* Effect.gen(function* () {
        const parent = yield* Thumbnails.Parent
        const child = yield* Thumbnails.Child
        yield* parent.send({ path: "a.png", width: 64 })
        assert.deepStrictEqual(yield* child.recv, { path: "a.png", width: 64 })
        yield* child.send({ path: "a.png", made: new Date(0) })
        assert.deepStrictEqual(yield* parent.recv, { path: "a.png", made: new Date(0) })
        return [parent, child] as const
      }).pipe(Effect.provide(Thumbnails.layerPair()))
      assert.instanceOf(yield* Effect.flip(parent.send({ path: "", width: 1 })), DuctClosed)
      assert.instanceOf(yield* Effect.flip(child.recv), DuctClosed)
    }).pipe(memory)
  )

  over("DW-37 DW-38 DW-41 layers of two programs: the child finds its parent in the environment, once", (kind) =>
    Effect.gen(function* () {
      const listening = yield* Deferred.make<Address.Address>()
      const parentLayer = Thumbnails.layerParent({
        ...kind.anywhere,
        onListening: (address) => Deferred.succeed(listening, address)
      })
      const parent = yield* Effect.fork(
        Effect.gen(function* () {
          const duct = yield* Thumbnails.Parent
          yield* duct.send({ path: "b.png", width: 10 })
          return yield* duct.recv
        }).pipe(Effect.provide(parentLayer))
      )
      yield* environment({ DUCTWORKS_ADDRESS: Address.format(yield* Deferred.await(listening)) })
      yield* Effect.gen(function* () {
        assert.notProperty(process.env, "DUCTWORKS_ADDRESS")
        const duct = yield* Thumbnails.Child
        const { path, width } = yield* duct.recv
        yield* duct.send({ path, made: new Date(width) })
      }).pipe(Effect.provide(Thumbnails.layerChild()))
      assert.deepStrictEqual(yield* Fiber.join(parent), { path: "b.png", made: new Date(10) })
      const again = yield* Effect.flip(Effect.scoped(Thumbnails.connect()))
      assert.isTrue(ConfigError.isConfigError(again))
    })
  )

  it.scoped("a token in the environment is sent first, and is gone from there (memory)", () =>
    Effect.gen(function* () {
      const raw = yield* RawDuct.parent()
      yield* raw.bind()
      yield* environment({
        DUCTWORKS_ADDRESS: Address.format(yield* raw.listenerAddress),
        DUCTWORKS_TOKEN: "0123456789"
      })
      const child = yield* Thumbnails.connect()
      assert.isTrue(yield* raw.listen())
      yield* child.send({ path: "c", made: new Date(0) })
      assert.strictEqual(Buffer.from(yield* raw.recvExact(10)).toString(), "0123456789")
      const frame = json({ path: "c", made: "1970-01-01T00:00:00.000Z" })
      assert.deepStrictEqual(Buffer.from(yield* raw.recvExact(frame.length)), frame)
      assert.notProperty(process.env, "DUCTWORKS_TOKEN")
    }).pipe(memory)
  )

  it.effect("an address that is none is a ConfigError, and stays in the environment (memory)", () =>
    Effect.gen(function* () {
      yield* environment({ DUCTWORKS_ADDRESS: "carrier pigeon" })
      const error = yield* Effect.flip(Thumbnails.connect())
      assert.isTrue(ConfigError.isConfigError(error))
      assert.strictEqual(process.env["DUCTWORKS_ADDRESS"], "carrier pigeon")
    }).pipe(Effect.scoped, memory)
  )

  it.effect("the address may come from any ConfigProvider, and an explicit one comes first (memory)", () =>
    Effect.gen(function* () {
      const config = ConfigProvider.fromMap(new Map([["DUCTWORKS_ADDRESS", "memory:configured"]]))
      for (const name of ["configured", "explicit"]) {
        const address = Address.MemoryAddress(name)
        const parent = yield* Effect.fork(Effect.scoped(Effect.flatMap(Thumbnails.listen({ address }), (p) => p.recv)))
        yield* Effect.gen(function* () {
          const child = yield* Thumbnails.connect(name === "explicit" ? { address } : {})
          yield* child.send({ path: name, made: new Date(1) })
        }).pipe(Effect.scoped, Effect.withConfigProvider(config))
        assert.deepStrictEqual(yield* Fiber.join(parent), { path: name, made: new Date(1) })
      }
    }).pipe(memory)
  )

  it.effect("DW-5 a child that never comes is a DuctTimeout after 60 seconds, or acceptTimeout (memory)", () =>
    Effect.gen(function* () {
      for (const [options, seconds] of [
        [{}, 60],
        [{ acceptTimeout: "5 seconds" }, 5]
      ] as const) {
        const waiting = yield* Effect.fork(Effect.flip(Effect.scoped(Thumbnails.listen(options))))
        yield* TestClock.adjust((seconds - 1) * 1000)
        assert.isNull(waiting.unsafePoll())
        yield* TestClock.adjust("1 second")
        assert.instanceOf(yield* Fiber.join(waiting), DuctTimeout)
      }
    }).pipe(memory)
  )

  over("DW-31 M-13 what is not in the contract is a typed error at either end, and the next message arrives", (kind) =>
    Effect.gen(function* () {
      const raw = yield* RawDuct.parent(kind.anywhere)
      yield* raw.bind()
      const child = yield* Thumbnails.connect({ address: yield* raw.listenerAddress })
      yield* raw.listen()
      const bad = json({ path: 1, width: 2 }, { path: "no width" }, { path: "", width: "3" })
      yield* raw.sendAll(Buffer.concat([bad, frameOf("<html>"), json({ path: "good", width: 4 })]))
      for (let i = 0; i < 4; i++) assert.instanceOf(yield* Effect.flip(child.recv), MessageError.DeserializeError)
      assert.deepStrictEqual(yield* child.recv, { path: "good", width: 4 })
      const wrong = yield* Effect.flip(child.send({ path: "", made: new Date(Number.NaN) }))
      assert.instanceOf(wrong, MessageError.SerializeError)
      yield* child.send({ path: "good", made: new Date(0) })
      yield* child.close()
      const parent = yield* Thumbnails.parentFromRaw(raw)
      assert.deepStrictEqual(yield* parent.recv, { path: "good", made: new Date(0) })
      assert.instanceOf(yield* Effect.flip(parent.recv), RemoteDuctClosed)
    })
  )

  over(
    "DW-31 schemas with services: they are taken where the duct is made, and each end may have its own",
    () =>
      Effect.gen(function* () {
        class Key extends Context.Tag("test/Key")<Key, number>() {}
        const Shifted = Schema.transformOrFail(Schema.Number, Schema.Number, {
          strict: true,
          decode: (n) => Effect.map(Key, (key) => n - key),
          encode: (n) => Effect.map(Key, (key) => n + key)
        })
        const Numbers = Contract.make("test/Numbers", {
          toChild: Shifted,
          toParent: Schema.String,
          format: Serializer.json()
        })
        const [left, right] = yield* RawDuct.pair()
        const parent = yield* Effect.provideService(Numbers.parentFromRaw(left), Key, 100)
        const child = yield* Effect.provideService(Numbers.childFromRaw(right), Key, 1)
        yield* parent.send(5)
        assert.strictEqual(yield* child.recv, 104)
      }),
    transports.filter(({ name }) => name !== "tcp")
  )
})

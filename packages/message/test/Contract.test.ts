import { Address, Transport } from "@ductworks/core"
import { Contract, Serializer } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Fiber, Layer, Schema } from "effect"

class Thumbnails extends Contract.make("test/Thumbnails", {
  toChild: Schema.Struct({ path: Schema.String, width: Schema.Number }),
  toParent: Schema.Struct({ path: Schema.String, made: Schema.Date })
}) {}

describe("Contract (memory)", () => {
  it.effect("both ends are services of a pair layer", () =>
    Effect.gen(function* () {
      const parent = yield* Thumbnails.Parent
      const child = yield* Thumbnails.Child
      yield* parent.send({ path: "a.png", width: 64 })
      assert.deepStrictEqual(yield* child.recv, { path: "a.png", width: 64 })
      yield* child.send({ path: "a.png", made: new Date(0) })
      assert.deepStrictEqual(yield* parent.recv, { path: "a.png", made: new Date(0) })
    }).pipe(Effect.provide(Thumbnails.layerPair().pipe(Layer.provide(MemoryTransport.layer))))
  )

  it.effect("DW-37 DW-41 listen tells its address, and the child finds it in the configuration", () =>
    Effect.gen(function* () {
      const address = yield* Deferred.make<Address.Address>()
      const parent = yield* Effect.fork(
        Effect.scoped(
          Effect.flatMap(
            Thumbnails.listen({ onListening: (listening) => Effect.asVoid(Deferred.succeed(address, listening)) }),
            (duct) => duct.recv
          )
        )
      )
      const config = ConfigProvider.fromMap(
        new Map([["DUCTWORKS_ADDRESS", Address.format(yield* Deferred.await(address))]])
      )
      yield* Effect.gen(function* () {
        const child = yield* Thumbnails.Child
        yield* child.send({ path: "b.png", made: new Date(1) })
      }).pipe(Effect.provide(Thumbnails.layerChild()), Effect.withConfigProvider(config))
      assert.deepStrictEqual(yield* Fiber.join(parent), { path: "b.png", made: new Date(1) })
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.effect("serve talks with many children at once; a failing handler does not disturb the others", () =>
    Effect.gen(function* () {
      const address = Address.MemoryAddress("many")
      const listening = yield* Deferred.make<void>()
      const server = yield* Effect.fork(
        Thumbnails.serve(
          { address, onListening: () => Effect.asVoid(Deferred.succeed(listening, undefined)) },
          (duct) =>
            Effect.gen(function* () {
              const first = yield* duct.recv
              if (first.path === "bad") return yield* Effect.fail("bad")
              yield* duct.send({ path: first.path, width: 1 })
            })
        )
      )
      yield* Deferred.await(listening)
      const ask = (path: string) =>
        Effect.scoped(
          Effect.gen(function* () {
            const duct = yield* Thumbnails.connect({ address })
            yield* duct.send({ path, made: new Date(0) })
            return yield* duct.recv
          })
        )
      const bad = yield* Effect.flip(ask("bad"))
      assert.include(["RemoteDuctClosed", "RemoteDuctReset"], bad._tag)
      const answers = yield* Effect.forEach(["a", "b", "c"], ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers.map(({ path }) => path),
        ["a", "b", "c"]
      )
      yield* Fiber.interrupt(server)
      const transport = yield* Transport.Transport
      const refused = yield* Effect.flip(Effect.scoped(transport.connect(address)))
      assert.strictEqual(refused._tag, "ConnectFailed")
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.effect("schemas with services work, and the services are taken where the duct is made", () =>
    Effect.gen(function* () {
      const [parent, child] = yield* Contract.make("test/Plain", {
        toChild: Schema.String,
        toParent: Schema.Number,
        format: Serializer.json()
      }).pair()
      yield* parent.send("x")
      assert.strictEqual(yield* child.recv, "x")
    }).pipe(Effect.scoped, Effect.provide(MemoryTransport.layer))
  )
})

import { Address, Transport } from "@ductworks/core"
import { isEndOfFile } from "@ductworks/core/DuctError"
import { Contract } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, Option, Queue, Schema } from "effect"
import { type Kind, over } from "./support/transports.js"

class Sums extends Contract.make("test/Sums", {
  toChild: Schema.Number,
  toParent: Schema.Array(Schema.Number)
}) {}

type Handler<E, R> = Parameters<typeof Sums.serve<E, R>>[1]

const serving = <E, R>(
  kind: Pick<Kind, "anywhere">,
  handler: Handler<E, R>,
  options: Partial<Contract.ServeOptions> = {}
) =>
  Effect.gen(function* () {
    const listening = yield* Deferred.make<Address.Address>()
    const onListening = (address: Address.Address) => Deferred.succeed(listening, address)
    const server = yield* Effect.fork(Sums.serve({ ...kind.anywhere, ...options, onListening }, handler))
    return { server, address: yield* Deferred.await(listening) }
  })

const ask = (address: Address.Address, numbers: ReadonlyArray<number>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const duct = yield* Sums.connect({ address })
      yield* duct.send(numbers)
      return yield* duct.recv
    })
  )

const sum: Handler<unknown, never> = (duct) =>
  Effect.gen(function* () {
    const numbers = yield* duct.recv
    if (numbers.length === 0) return yield* Effect.fail("nothing to add")
    if (numbers.includes(-1)) return yield* Effect.dieMessage("a defect")
    yield* duct.send(numbers.reduce((a, b) => a + b, 0))
  })

describe("Contract.serve", () => {
  over("many children at once; a handler that fails or dies does not disturb the others", (kind) =>
    Effect.gen(function* () {
      const { address, server } = yield* serving(kind, sum)
      const answers = yield* Effect.forEach(
        [[1, 2], [], [3], [-1], [4, 5, 6], []],
        (numbers) => Effect.either(ask(address, numbers)),
        { concurrency: "unbounded" }
      )
      const outcomes = answers.map((one) => (one._tag === "Right" ? one.right : isEndOfFile(one.left)))
      assert.deepStrictEqual(outcomes, [3, true, 3, true, 15, true])
      assert.strictEqual(yield* ask(address, [7]), 7)
      yield* Fiber.interrupt(server)
      const transport = yield* Transport.Transport
      const gone = yield* Effect.flip(Effect.scoped(transport.connect(address)))
      assert.strictEqual(gone._tag, "ConnectFailed")
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  over("a duct is closed when its handler ends, and the bytes it sent arrive first", (kind) =>
    Effect.gen(function* () {
      const { address } = yield* serving(kind, (duct) => duct.sendAll([1, 2, 3]))
      const child = yield* Sums.connect({ address })
      assert.deepStrictEqual([yield* child.recv, yield* child.recv, yield* child.recv], [1, 2, 3])
      assert.strictEqual((yield* Effect.flip(child.recv))._tag, "RemoteDuctClosed")
    })
  )

  over("no more children are served at once than concurrency says; the next ones wait", (kind) =>
    Effect.gen(function* () {
      const arrived = yield* Queue.unbounded<number>()
      let served = 0
      let most = 0
      const { address } = yield* serving(
        kind,
        (duct) =>
          Effect.gen(function* () {
            most = Math.max(most, ++served)
            const [id = 0] = yield* duct.recv
            yield* Queue.offer(arrived, id)
            yield* duct.recv
            served--
            yield* duct.send(id)
          }),
        { concurrency: 2 }
      )
      const children = yield* Effect.forEach([0, 1, 2, 3, 4], (id) =>
        Effect.tap(Sums.connect({ address }), (child) => child.send([id]))
      )
      for (let round = 0; round < 5; round++) {
        const id = yield* Queue.take(arrived)
        const child = children[id]
        assert.isDefined(child)
        yield* child.send([])
        assert.strictEqual(yield* child.recv, id)
      }
      assert.strictEqual(most, 2)
    })
  )

  it.scoped("a failing handler is logged with its cause, an interrupted one is not (memory)", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ cause, message }) => {
        logged.push(`${String(message)} ${cause.toString()}`)
      })
      const silent = Layer.merge(MemoryTransport.layer, Logger.replace(Logger.defaultLogger, logger))
      yield* Effect.gen(function* () {
        const { address, server } = yield* serving({ anywhere: {} }, sum)
        yield* Effect.flip(ask(address, []))
        const waiting = yield* Sums.connect({ address })
        yield* Fiber.interrupt(server)
        assert.isTrue(isEndOfFile(yield* Effect.flip(waiting.recv)))
      }).pipe(Effect.provide(silent))
      assert.strictEqual(logged.length, 1)
      assert.match(logged[0] ?? "", /test\/Sums.*handler.*nothing to add/s)
    })
  )

  it.scoped("an address in use fails serve itself, and so does a listener that ends (memory)", () =>
    Effect.gen(function* () {
      const address = Address.MemoryAddress("taken")
      const transport = yield* Transport.Transport
      yield* transport.listen(Option.some(address))
      const error = yield* Effect.flip(Sums.serve({ address }, sum))
      assert.strictEqual(error._tag, "BindFailed")
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

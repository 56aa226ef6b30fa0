import { DuctError, RawDuct, Transport } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Fiber, Layer } from "effect"
import { atEveryPoint, interruptedAfter, yieldingNowAndThen } from "@ductworks/testing/Interruption"
import { bytes, text } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

type Receive = Effect.Effect<void, DuctError.DuctError>

/** Receives of every kind, which note in the same step what they took out. */
const receives = (duct: RawDuct.RawDuct, note: (piece: Uint8Array) => void): ReadonlyArray<Receive> => {
  const noting = <E>(receive: Effect.Effect<Iterable<Uint8Array>, E>) =>
    Effect.gen(function* () {
      for (const piece of yield* receive) note(piece)
    })
  const one = <E>(receive: Effect.Effect<Uint8Array, E>) =>
    Effect.gen(function* () {
      note(yield* receive)
    })
  return [
    one(duct.recv(3)),
    one(duct.recv(4, { waitAll: true })),
    one(duct.recvExact(5)),
    noting(duct.readv([1, 2, 3])),
    noting(duct.pull),
    Effect.gen(function* () {
      const buffer = new Uint8Array(4)
      const count = yield* duct.recvInto(buffer)
      note(buffer.subarray(0, count))
    })
  ]
}

/** A transport that counts what is open. */
const counting = () => {
  const memory = MemoryTransport.make()
  const seen = { open: 0 }
  const counted = <A, E, R>(acquire: Effect.Effect<A, E, R>) =>
    Effect.zipRight(
      Effect.acquireRelease(
        Effect.sync(() => seen.open++),
        () => Effect.sync(() => seen.open--)
      ),
      acquire
    )
  const layer = Layer.succeed(Transport.Transport, {
    ...memory,
    connect: (address, options) => counted(memory.connect(address, options)),
    listen: (address, options) =>
      Effect.map(counted(memory.listen(address, options)), (listener) => ({
        ...listener,
        accept: counted(listener.accept)
      }))
  })
  return { seen, layer }
}

describe("interruption at every point", () => {
  for (const kind of ["recv", "recv waitAll", "recvExact", "readv", "pull", "recvInto"].keys()) {
    it.effect(`DW-10 DW-11 a receive loses no byte, however the bytes arrive: kind ${kind} (memory)`, () =>
      Effect.gen(function* () {
        for (const parts of [["abcdefgh"], ["", "abcdefgh"], ["ab", "cd", "efgh"], ["a", "bcdefg", "h"]]) {
          const points = yield* atEveryPoint((interrupted) =>
            Effect.gen(function* () {
              const [left, right] = yield* RawDuct.pair()
              let taken = ""
              const receive = receives(right, (piece) => (taken += text(piece)))[kind] ?? Effect.never
              yield* left.sendAll(bytes(parts[0] ?? ""))
              const sending = yield* Effect.fork(
                Effect.forEach(parts.slice(1), (part) => Effect.zipRight(Effect.yieldNow(), left.sendAll(bytes(part))))
              )
              yield* interrupted(receive)
              yield* Fiber.join(sending)
              yield* left.endWrite
              taken += text(yield* right.recv(100, { waitAll: true }))
              assert.strictEqual(taken, "abcdefgh")
            }).pipe(Effect.scoped, memory)
          )
          assert.isAbove(points, 3)
        }
      })
    )
  }

  it.effect("DW-9 a send left whole or not at all, and so does the next (memory)", () =>
    Effect.gen(function* () {
      const big = new Uint8Array(300 * 1024).fill(0x62)
      for (const isFull of [false, true]) {
        yield* atEveryPoint((interrupted) =>
          Effect.gen(function* () {
            const [left, right] = yield* RawDuct.pair()
            if (isFull) yield* Effect.fork(left.sendAll(big))
            yield* Effect.yieldNow()
            const receiving = yield* Effect.fork(
              isFull ? Effect.zipRight(right.recvExact(big.length), right.recv(1000, { waitAll: true })) : Effect.never
            )
            yield* interrupted(left.writev([bytes("one"), bytes("two")]))
            yield* left.sendAll(bytes("next"))
            yield* left.endWrite
            if (!isFull) yield* Fiber.interrupt(receiving)
            const rest = isFull ? yield* Fiber.join(receiving) : yield* right.recv(1000, { waitAll: true })
            assert.include(["next", "onetwonext"], text(rest))
          }).pipe(Effect.scoped, memory)
        )
      }
    })
  )

  it.effect("DW-4 DW-5 DW-8 bind, listen and connect leave nothing open, and work when called again (memory)", () =>
    Effect.gen(function* () {
      const points = yield* atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const { layer, seen } = counting()
          const { child, parent } = yield* Effect.provide(
            Effect.gen(function* () {
              const parent = yield* RawDuct.parent()
              yield* interrupted(parent.bind())
              yield* parent.bind(9)
              return { parent, child: yield* RawDuct.child({ address: yield* parent.listenerAddress }) }
            }),
            layer
          )
          const dialed = yield* interrupted(child.connect())
          if (Exit.isInterrupted(dialed)) {
            const again = yield* Effect.either(child.connect())
            assert.include(["Right", "AlreadyConnected"], again._tag === "Left" ? again.left._tag : again._tag)
          }
          const heard = yield* interrupted(parent.listen())
          if (Exit.isInterrupted(heard)) yield* Effect.either(parent.listen())
          yield* Effect.either(parent.sendAll(bytes("x")))
          assert.isAtMost(seen.open, 2)
          yield* child.close()
          yield* parent.close()
          assert.strictEqual(seen.open, 0)
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 10)
    })
  )

  it("DW-10 any mix of receives, interrupted anywhere, gives all bytes in order (memory)", () =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.tuple(FastCheck.nat(5), FastCheck.nat(60), FastCheck.nat(6)), { maxLength: 30 }),
        FastCheck.integer({ min: 1 }),
        (steps, seed) =>
          Effect.gen(function* () {
            const [left, right] = yield* RawDuct.pair()
            let sent = ""
            let taken = ""
            const isYielding = yieldingNowAndThen(seed)
            const kinds = receives(right, (piece) => (taken += text(piece)))
            for (const [kind, operations, length] of steps) {
              const word = "abcdefgh".slice(0, length)
              sent += word
              const sending = yield* Effect.fork(left.sendAll(bytes(word)))
              // Some wait for more than there is; they are interrupted in the end.
              const receiving = yield* Effect.fork(interruptedAfter(operations, kinds[kind] ?? Effect.void, isYielding))
              yield* Fiber.join(sending)
              for (let i = 0; i < 20; i++) yield* Effect.yieldNow()
              yield* Fiber.interrupt(receiving)
            }
            yield* left.endWrite
            taken += text(yield* right.recv(1000, { waitAll: true }))
            assert.strictEqual(taken, sent)
          }).pipe(Effect.scoped, memory, Effect.runPromise)
      ),
      { numRuns: 100, seed: 20 }
    ))
})

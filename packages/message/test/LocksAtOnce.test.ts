import { MessageDuct } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { atEveryPoint } from "@ductworks/testing/Interruption"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, FiberRef } from "effect"
import { over, turn } from "./support/transports.js"

const memory = Effect.provide(MemoryTransport.layer)

/** Notes what is acquired and released; `enter` is how it is acquired. */
const noted = (enter: Effect.Effect<unknown>, leave: Effect.Effect<unknown> = Effect.void) => {
  const seen = { acquired: 0, released: 0 }
  const lock: MessageDuct.Lock = {
    acquire: Effect.flatMap(enter, () => Effect.sync(() => seen.acquired++)),
    release: Effect.flatMap(
      Effect.sync(() => seen.released++),
      () => leave
    )
  }
  return { lock, seen }
}

/** All the ways in which a lock can be free, and one in which it is not until somebody else has run. */
const locks: ReadonlyArray<readonly [string, () => ReturnType<typeof noted>]> = [
  ["one that takes no step", () => noted(Effect.void)],
  [
    "a semaphore",
    () => {
      const semaphore = Effect.unsafeMakeSemaphore(1)
      return noted(semaphore.take(1), semaphore.release(1))
    }
  ],
  ["one that pauses", () => noted(Effect.zipRight(Effect.yieldNow(), Effect.yieldNow()))],
  ["one that waits", () => noted(Effect.async((resume) => queueMicrotask(() => resume(Effect.void))))]
]

describe("locks that are free", () => {
  over("DW-31 DW-34 a send goes on in the same step, be it with a semaphore", (kind) =>
    Effect.gen(function* () {
      const { lock, seen } = locks[1]?.[1]() ?? noted(Effect.never)
      const free: MessageDuct.Lock = { acquire: Effect.void, release: Effect.void }
      for (const sendLock of [free, lock]) {
        const parent = yield* MessageDuct.parent(kind.anywhere)
        yield* parent.bind()
        const child = yield* MessageDuct.child({ sendLock, address: yield* parent.listenerAddress })
        yield* child.connect()
        yield* parent.listen()
        yield* turn
        const sending = Effect.runFork(child.send("at once"))
        assert.deepStrictEqual(sending.unsafePoll(), Exit.void)
        assert.strictEqual(yield* parent.recv, "at once")
      }
      assert.deepStrictEqual(seen, { acquired: 1, released: 1 })
    })
  )

  it.scoped("DW-34 one that is waited for in steps does not hold up whoever will release it (memory)", () =>
    Effect.gen(function* () {
      let isFree = false
      const spinning = Effect.repeat(Effect.yieldNow(), { until: () => isFree })
      const [left, right] = yield* MessageDuct.pair({ sendLock: noted(spinning).lock })
      const sending = yield* Effect.fork(left.send("late"))
      for (let i = 0; i < 10; i++) yield* Effect.yieldNow()
      assert.isNull(sending.unsafePoll())
      isFree = true
      yield* Fiber.join(sending)
      assert.strictEqual(yield* right.recv, "late")
    }).pipe(memory)
  )

  for (const [name, make] of locks) {
    it.effect(`DW-34 interrupted at any point, sends and receives give back what they acquired: ${name} (memory)`, () =>
      Effect.gen(function* () {
        const scenario = (interrupted: (effect: Effect.Effect<unknown>) => Effect.Effect<unknown>, isSend: boolean) =>
          Effect.gen(function* () {
            const { lock, seen } = make()
            const [left, right] = yield* MessageDuct.pair(isSend ? { sendLock: lock } : { recvLock: lock })
            const received: Array<unknown> = []
            const receive = Effect.flatMap(right.recv, (message) => Effect.sync(() => received.push(message)))
            if (!isSend) yield* left.send(1)
            yield* interrupted(isSend ? Effect.orDie(left.send(1)) : Effect.orDie(receive))
            for (let i = 0; i < 9; i++) yield* turn
            assert.strictEqual(seen.released, seen.acquired)
            // Nobody is left inside.
            yield* left.send(2)
            while (received.at(-1) !== 2) yield* receive
            assert.strictEqual(seen.released, seen.acquired)
          }).pipe(Effect.scoped)
        for (const isSend of [true, false]) yield* atEveryPoint((interrupted) => scenario(interrupted, isSend))
      }).pipe(memory)
    )
  }
})

class Name extends Context.Reference<Name>()("ductworks/test/Name", { defaultValue: () => "nobody" }) {}

describe("what a lock does", () => {
  const pauses: ReadonlyArray<readonly [string, Effect.Effect<void>]> = [
    ["at once", Effect.void],
    ["later", turn]
  ]
  for (const [when, pause] of pauses) {
    it.scopedLive(`DW-34 a defect of acquiring it is the caller's, and releases nothing: ${when} (memory)`, () =>
      Effect.gen(function* () {
        const { lock, seen } = noted(Effect.zipRight(pause, Effect.die("no lock")))
        const [left, right] = yield* MessageDuct.pair({ sendLock: lock, recvLock: lock })
        const plain = yield* MessageDuct.pair()
        const sent = yield* Effect.exit(left.send(1))
        assert.deepStrictEqual(sent, Exit.die("no lock"))
        assert.deepStrictEqual(seen, { acquired: 0, released: 0 })
        yield* plain[0].send(1)
        assert.isFalse(yield* right.poll(0))
      }).pipe(memory)
    )

    it.scopedLive(`DW-34 a defect of releasing it is the caller's: ${when} (memory)`, () =>
      Effect.gen(function* () {
        const { lock } = noted(Effect.void, Effect.zipRight(pause, Effect.die("no release")))
        const [left, right] = yield* MessageDuct.pair({ sendLock: lock })
        assert.deepStrictEqual(yield* Effect.exit(left.send(1)), Exit.die("no release"))
        assert.strictEqual(yield* right.recv, 1)
        const failed = yield* Effect.exit(left.send(undefined))
        assert.isTrue(Exit.isFailure(failed) && Cause.isFailure(failed.cause) && Cause.isDie(failed.cause))
      }).pipe(memory)
    )

    it.scopedLive(`it sees the caller's context and refs, and the caller what it makes of them: ${when} (memory)`, () =>
      Effect.gen(function* () {
        const ref = yield* FiberRef.make("nothing")
        const names: Array<string> = []
        const lock: MessageDuct.Lock = {
          acquire: Effect.gen(function* () {
            names.push(yield* Name, yield* FiberRef.get(ref))
            yield* pause
            yield* FiberRef.set(ref, "acquired")
          }),
          release: Effect.flatMap(FiberRef.get(ref), (value) => Effect.sync(() => names.push(value)))
        }
        const [left] = yield* MessageDuct.pair({ sendLock: lock })
        yield* FiberRef.set(ref, "mine")
        const scheduler = yield* FiberRef.get(FiberRef.currentScheduler)
        yield* Effect.provideService(left.send(1), Name, "me")
        assert.deepStrictEqual(names, ["me", "mine", "acquired"])
        assert.strictEqual(yield* FiberRef.get(ref), "acquired")
        assert.strictEqual(yield* FiberRef.get(FiberRef.currentScheduler), scheduler)
      }).pipe(memory)
    )
  }
})

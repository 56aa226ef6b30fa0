import type { Transport } from "@ductworks/core"
import type { MessageDuct } from "@ductworks/message"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, FastCheck, Fiber, type Layer, Stream } from "effect"
import { interruptedAfter, yieldingNowAndThen } from "@ductworks/testing/Interruption"
import { formats, isWhole, type Numbered, numbered, numberedPair } from "./support/numbered.js"
import { transports, turn } from "./support/transports.js"

type Duct = MessageDuct.MessageDuct<Numbered, Numbered>

interface Step {
  readonly what: number
  /** After so many operations it is interrupted. */
  readonly operations: number
  readonly count: number
  readonly length: number
  readonly pause: number
}

const steps = FastCheck.array(
  FastCheck.record({
    what: FastCheck.nat(3),
    operations: FastCheck.oneof(FastCheck.nat(40), FastCheck.nat(300)),
    count: FastCheck.integer({ min: 1, max: 4 }),
    // A message that fits the slab of frames, and one that fills the buffers of a connection.
    length: FastCheck.oneof(FastCheck.nat(100), FastCheck.constant(20_000), FastCheck.constant(400_000)),
    pause: FastCheck.nat(3)
  }),
  { minLength: 4, maxLength: 12 }
)

const undisturbed = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) || Exit.isInterrupted(exit) ? Effect.void : exit

const pausing = ({ pause }: Step) => Effect.replicateEffect(turn, pause, { discard: true })

/** Sends in every way, each interrupted somewhere. What must arrive, and what may. */
const sendAll = (duct: Duct, plan: ReadonlyArray<Step>, isYielding: () => boolean) =>
  Effect.gen(function* () {
    const must: Array<number> = []
    const may = new Set<number>()
    let next = 0
    for (const step of plan) {
      const messages = Array.from({ length: step.count }, () => numbered(next++, step.length))
      const numbers = messages.map(({ number }) => number)
      const [first = numbered(0)] = messages
      const sends: ReadonlyArray<readonly [ReadonlyArray<number>, Effect.Effect<unknown, unknown>]> = [
        [[first.number], duct.send(first)],
        [numbers, duct.sendAll(messages)],
        [numbers, Stream.run(Stream.fromIterable(messages), duct.sink)],
        [[], duct.flush]
      ]
      const [sent, send] = sends[step.what] ?? [[], Effect.void]
      const exit = yield* interruptedAfter(step.operations, send, isYielding)
      yield* undisturbed(exit)
      if (Exit.isSuccess(exit)) must.push(...sent)
      for (const number of sent) may.add(number)
      yield* pausing(step)
    }
    yield* duct.endWrite
    return { must, may }
  })

/** Receives in every way, each interrupted somewhere, then up to the end. */
const receiveAll = (duct: Duct, plan: ReadonlyArray<Step>, isYielding: () => boolean) =>
  Effect.gen(function* () {
    const received: Array<Numbered> = []
    const recv = Effect.flatMap(duct.recv, (message) => {
      received.push(message)
      return Exit.void
    })
    const recvAll = Effect.flatMap(duct.recvAll, (messages) => {
      received.push(...messages)
      return Exit.void
    })
    const receives = [recv, recvAll, Effect.zipRight(duct.poll(Duration.infinity), recv), duct.poll("1 millis")]
    for (const step of plan) {
      const receive = yield* Effect.fork(interruptedAfter(step.operations, receives[step.what] ?? recv, isYielding))
      yield* pausing(step)
      // It may wait for good: then it is interrupted where it waits.
      yield* Fiber.interrupt(receive)
    }
    yield* Effect.forever(recv).pipe(Effect.catchTag("RemoteDuctClosed", () => Effect.void))
    return received
  })

const check = (
  layer: Layer.Layer<Transport.Transport>,
  format: (typeof formats)[number],
  plans: ReadonlyArray<ReadonlyArray<Step>>,
  seed: number
) =>
  Effect.gen(function* () {
    const isYielding = yieldingNowAndThen(seed)
    const [left, right] = yield* numberedPair(format)
    const [there = [], takenThere = [], back = [], takenBack = []] = plans
    const direction = (from: Duct, to: Duct, sends: ReadonlyArray<Step>, receives: ReadonlyArray<Step>) =>
      Effect.gen(function* () {
        const both = [sendAll(from, sends, isYielding), receiveAll(to, receives, isYielding)] as const
        const [{ may, must }, received] = yield* Effect.all(both, { concurrency: 2 })
        const numbers = received.map(({ number }) => number)
        // Whole, once, in order; all that was sent, and of what was interrupted only what was begun.
        assert.isTrue(received.every(isWhole))
        assert.deepStrictEqual(
          numbers,
          [...new Set(numbers)].sort((one, other) => one - other)
        )
        assert.includeMembers(numbers, must)
        assert.isTrue(numbers.every((number) => may.has(number)))
      })
    yield* Effect.all([direction(left, right, there, takenThere), direction(right, left, back, takenBack)], {
      concurrency: 2
    })
  }).pipe(Effect.scoped, Effect.provide(layer), Effect.timeout("10 seconds"), Effect.runPromise)

describe("any mix of operations in both directions, each interrupted somewhere", () => {
  for (const { layer, name } of transports.filter((kind) => kind.name !== "tcp")) {
    for (const format of formats) {
      it(`DW-32 DW-33 M-8 messages of ${format} arrive whole, once and in order (${name})`, () =>
        FastCheck.assert(
          FastCheck.asyncProperty(
            FastCheck.tuple(steps, steps, steps, steps),
            FastCheck.integer({ min: 1 }),
            (plans, seed) => check(layer, format, plans, seed)
          ),
          { numRuns: 40, seed: 32 }
        ))
    }
  }
})

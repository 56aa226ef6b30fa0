import { MessageDuct, Serializer } from "@ductworks/message"
import { checkMessageDuct, type CheckMessageDuctOptions, FaultyTransport, MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Scope } from "effect"

describe("DW-42 checkMessageDuct over memory", () => {
  for (const check of checkMessageDuct()) {
    it.live(`law ${check.law}: ${check.name}`, () => check.run.pipe(Effect.provide(MemoryTransport.layer)))
  }
})

describe("DW-42 checkMessageDuct over memory in random slices, under a TestClock", () => {
  const slice = { upTo: 3000, seed: 2 }
  const faulty = FaultyTransport.layer({ outgoing: { slice }, incoming: { slice } })
  for (const check of checkMessageDuct({ seed: 2 })) {
    it.effect(`law ${check.law}: ${check.name}`, () =>
      check.run.pipe(Effect.provide(Layer.provide(faulty, MemoryTransport.layer)))
    )
  }
})

type Duct = MessageDuct.MessageDuct<unknown, unknown>

/** Ducts of which the receiving end, or both, are changed. */
const broken =
  (change: (duct: Duct) => Partial<Duct>): NonNullable<CheckMessageDuctOptions["connected"]> =>
  (left, right) =>
    Effect.gen(function* () {
      const format = { serializer: Serializer.json() }
      const parent = yield* MessageDuct.parent(format).pipe(Scope.extend(right))
      yield* parent.bind()
      const address = yield* parent.listenerAddress
      const child = yield* MessageDuct.child({ ...format, address }).pipe(Scope.extend(left))
      yield* child.connect()
      yield* parent.listen()
      return [
        { ...child, ...change(child) },
        { ...parent, ...change(parent) }
      ] as const
    })

const breaks: ReadonlyArray<readonly [string, (duct: Duct) => Partial<Duct>, law: number, check: string]> = [
  [
    "sends numbers as texts",
    (duct) => ({ send: (message) => duct.send(typeof message === "number" ? `${message}` : message) }),
    1,
    "any JSON value goes there and back"
  ],
  [
    "sends every list backwards",
    (duct) => ({ sendAll: (messages) => duct.sendAll([...messages].reverse()) }),
    1,
    "recvAll gives all, in order"
  ],
  [
    "loses a message on interruption",
    (duct) => ({ recv: Effect.tap(duct.recv, () => Effect.yieldNow()) }),
    5,
    "a receive that is interrupted as a message arrives loses none"
  ],
  [
    "tears what it sends",
    (duct) => ({
      sendAll: (messages) => Effect.forEach([...messages].reverse(), (message) => duct.send(message), { discard: true })
    }),
    5,
    "an interrupted sendAll sent its beginning, and nothing in pieces"
  ],
  ["takes without an end", () => ({ send: () => Effect.yieldNow() }), 4, "a receiver that stalls holds up the sender"],
  [
    "polls what is not there",
    () => ({ poll: () => Effect.succeed(true) }),
    3,
    "poll says whether a message, or the end, is here"
  ],
  ["does not close", () => ({ close: () => Effect.void }), 6, "close wakes a waiting poll with DuctClosed"],
  [
    "hangs at the end",
    (duct) => ({ recv: Effect.catchTag(duct.recv, "RemoteDuctClosed", () => Effect.never) }),
    7,
    "a waiting receive ends with the duct"
  ],
  [
    "lets two receive",
    (duct) => ({ recv: Effect.catchTag(duct.recv, "DuctBusy", () => Effect.never) }),
    8,
    "a second concurrent receive fails DuctBusy and disturbs nobody"
  ],
  [
    "dies of what it cannot serialize",
    (duct) => ({
      send: (message) => Effect.catchTag(duct.send(message), "SerializeError", (error) => Effect.die(error))
    }),
    9,
    "a message that cannot be serialized sends nothing"
  ]
]

describe("DW-42 checkMessageDuct catches a duct that", () => {
  for (const [fault, change, law, name] of breaks) {
    it.live(fault, () =>
      Effect.gen(function* () {
        const checks = checkMessageDuct({ connected: broken(change), deadline: "1 second" })
        const check = checks.find((check) => check.name === name)
        assert.isDefined(check)
        const violation = yield* Effect.flip(check.run)
        assert.strictEqual(violation.law, law)
        assert.isNotEmpty(violation.problem)
      }).pipe(Effect.provide(MemoryTransport.layer))
    )
  }
})

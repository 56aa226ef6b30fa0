import type { Connection } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { expect, expectFailure, interruptAtRandom, interruptSoon, problem } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { childScope, dropped, listen, receive, type Setting, size } from "./ends.js"
import type { Entry } from "./entry.js"

/** Laws 5 and 6 for listeners: accepting and connecting, interrupted and closed. */
export const listening = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const manyConnections = Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* listen(setting)
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const connectAll = Effect.forEach(numbers, (number) =>
      Effect.flatMap(transport.connect(listener.address), (connection) => connection.write([Uint8Array.of(number)]))
    )
    const acceptAll = Effect.forEach(numbers, () => Effect.flatMap(listener.accept, firstByte), {
      concurrency: 4
    })
    const [, seen] = yield* Effect.all([connectAll, acceptAll], { concurrency: "unbounded" })
    yield* expect(new Set(seen).size === numbers.length, () => `connections were accepted twice or lost: ${seen}`)
  })

  const interruptedAccepts = Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* listen(setting)
    const random = new Random(seed)
    const total = 40
    const connecting = yield* Effect.fork(
      Effect.forEach(Array.from({ length: total }), (_, number) =>
        Effect.gen(function* () {
          const connection = yield* transport.connect(listener.address)
          yield* connection.write([Uint8Array.of(number)])
          for (let i = random.below(10); i > 0; i--) yield* Effect.yieldNow()
        })
      )
    )
    const pauses = new Random(seed + 1)
    const seen = new Set<number>()
    for (let attempt = 1; seen.size < total; attempt++) {
      const scope = yield* childScope
      const accept = listener.accept.pipe(Scope.extend(scope))
      const exit = attempt % 8 === 0 ? yield* Effect.exit(accept) : yield* interruptSoon(accept, pauses)
      if (Exit.isSuccess(exit)) {
        const number = yield* firstByte(exit.value)
        yield* expect(!seen.has(number), `connection ${number} was accepted twice`)
        seen.add(number)
      } else if (Exit.isInterrupted(exit)) {
        yield* Scope.close(scope, dropped)
      } else {
        yield* exit
      }
    }
    yield* Fiber.join(connecting)
  })

  const interruptedConnects = Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* listen(setting)
    const random = new Random(seed)
    // Whoever was interrupted may have got as far as the listener; then it ends there.
    const accepting = yield* Effect.fork(
      Effect.scoped(
        Effect.gen(function* () {
          for (;;) {
            const connection = yield* listener.accept
            const chunks = yield* Effect.option(connection.pull)
            if (Option.isSome(chunks)) return size(chunks.value)
          }
        })
      )
    )
    for (let i = 0; i < 20; i++) {
      const scope = yield* childScope
      const exit = yield* interruptAtRandom(transport.connect(listener.address).pipe(Scope.extend(scope)), random)
      yield* Scope.close(scope, dropped)
      if (Exit.isFailure(exit) && !Exit.isInterrupted(exit)) yield* exit
    }
    const good = yield* transport.connect(listener.address)
    yield* good.write([Uint8Array.of(1, 2, 3)])
    yield* good.flush
    const bytes = yield* Fiber.join(accepting)
    yield* expect(bytes > 0, "the connection after interrupted ones did not come through")
  })

  const closes = Effect.gen(function* () {
    const transport = yield* Transport
    const scope = yield* childScope
    const listener = yield* listen(setting).pipe(Scope.extend(scope))
    const accepts = yield* Effect.forEach([1, 2], () =>
      Effect.fork(expectFailure("a waiting accept", Effect.scoped(listener.accept), "DuctClosed"))
    )
    yield* Effect.yieldNow()
    yield* Scope.close(scope, Exit.void)
    yield* Fiber.joinAll(accepts)
    yield* expectFailure("accept when closed", Effect.scoped(listener.accept), "DuctClosed")
    const refused = yield* Effect.flip(Effect.scoped(transport.connect(listener.address)))
    if (refused._tag !== "ConnectFailed") return yield* problem(`connect failed with ${refused._tag}`)
    yield* expect(
      refused.reason === "Refused" || refused.reason === "NotFound",
      `connecting to a closed listener failed for the reason ${refused.reason}`
    )
    yield* Scope.close(scope, Exit.void)
  })

  const outlivesListener = Effect.gen(function* () {
    const transport = yield* Transport
    const scope = yield* childScope
    const listener = yield* listen(setting).pipe(Scope.extend(scope))
    const child = yield* transport.connect(listener.address)
    const parent = yield* listener.accept
    yield* Scope.close(scope, Exit.void)
    yield* child.write([new Pattern(seed).next(1000)])
    yield* receive(parent, new Pattern(seed), 1000)
  })

  const inUse = Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* listen(setting)
    const error = yield* Effect.flip(Effect.scoped(transport.listen(Option.some(listener.address))))
    yield* expect(
      error._tag === "BindFailed" && error.reason === "AddressInUse",
      `listening at an address in use failed with ${error.message}`
    )
    // And the listener that was there is as before.
    const child = yield* transport.connect(listener.address)
    yield* child.write([new Pattern(seed).next(10)])
    yield* receive(yield* listener.accept, new Pattern(seed), 10)
  })

  const pairs = Effect.gen(function* () {
    const transport = yield* Transport
    const [left, right] = yield* transport.pair()
    yield* left.write([new Pattern(seed).next(1000)])
    yield* right.write([new Pattern(seed + 1).next(1000)])
    yield* receive(right, new Pattern(seed), 1000)
    yield* receive(left, new Pattern(seed + 1), 1000)
  })

  return setting.cannot("listen")
    ? []
    : [
        [1, "every connection is accepted once", manyConnections],
        [1, "pair gives two ends of one connection", pairs],
        [5, "an interrupted accept loses no connection", interruptedAccepts],
        [5, "an interrupted connect leaves the listener usable", interruptedConnects],
        [6, "closing a listener wakes accept with DuctClosed and refuses connections", closes],
        [6, "accepted connections outlive the listener", outlivesListener],
        [6, "an address in use is AddressInUse", inUse]
      ]
}

const firstByte = (connection: Connection.Connection): Effect.Effect<number, unknown> =>
  Effect.map(connection.pull, ([chunk]) => chunk[0] ?? -1)

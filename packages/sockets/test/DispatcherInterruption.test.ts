import { Dispatcher, NativeSockets } from "@ductworks/sockets"
import { SHUT } from "@ductworks/sockets/SocketConstants"
import { Interruption } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { bytes, connected, noting, text } from "./support/dispatching.js"

const writable: Dispatcher.DispatchEvent = [false, true, Option.none()]

describe("interruption at every point", { timeout: 60_000 }, () => {
  it.live("AS-6 a step of socketReader loses no byte (native)", () =>
    Effect.gen(function* () {
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const step = Dispatcher.socketReader(client, Dispatcher.readSentinel, 2)
          const received: Array<string> = []
          const read = Effect.flatMap(step, (data) => {
            received.push(data === Dispatcher.readSentinel ? "" : text(data))
            return Effect.void
          })
          yield* server.send(bytes("abcd"))
          yield* server.shutdown(SHUT.WR)
          yield* client.waitForRead
          yield* interrupted(Effect.zipRight(read, read))
          while (received.join("") !== "abcd") yield* Effect.orDie(Effect.mapError(read, () => received))
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 4)
    }).pipe(Effect.provide(NativeSockets.layer))
  )

  it.live("AS-8 AS-9 writeIterable sends every byte once, and tells nothing twice (native)", () =>
    Effect.gen(function* () {
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const target = Dispatcher.makeTarget(() => () => Effect.void, { sock: client })
          const told: Array<string> = []
          const drive = Dispatcher.writeIterable(
            target,
            ["ab", "cd"],
            (item, { afterSend, beforeSend }) =>
              Effect.sync(() => void told.push(`${beforeSend ? 0 : afterSend ? 1 : 2} ${item}`)),
            Dispatcher.writeSentinel,
            true
          )
          yield* interrupted(Effect.ignore(drive(writable)))
          yield* Effect.ignore(drive(writable))
          yield* client.shutdown(SHUT.WR)
          assert.strictEqual(text(yield* server.recvExact(4)), "abcd")
          assert.strictEqual((yield* server.recv(1)).length, 0)
          assert.strictEqual(new Set(told).size, told.length)
          const order = ["0 ab", "1 ab", "2 ab", "0 cd", "1 cd", "2 cd"]
          assert.deepStrictEqual(
            told,
            order.filter((phase) => told.includes(phase))
          )
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 10)
    }).pipe(Effect.provide(NativeSockets.layer))
  )

  it.live("AS-15 iterate leaves nothing registered, and an event is delivered in the end (native)", () =>
    Effect.gen(function* () {
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const dispatcher = yield* Dispatcher.make()
          const { events, target } = noting({ sock: client, filter: [true, true, true] })
          yield* dispatcher.add(target)
          yield* server.send(bytes("x"))
          yield* interrupted(dispatcher.iterate({ count: 2 }))
          assert.strictEqual(text(yield* client.recv(1)), "x")
          yield* client.waitForWrite
          yield* server.send(bytes("y"))
          events.length = 0
          while (!events.some(([readable]) => readable)) yield* dispatcher.iterate({ count: 1 })
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 30)
    }).pipe(Effect.provide(NativeSockets.layer))
  )
})

import { Dispatcher } from "@ductworks/sockets"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Option } from "effect"
import { bytes, changed, connected, fault, systems, text } from "./support/dispatching.js"

const done = Symbol("more")
const writable: Dispatcher.DispatchEvent = [false, true, Option.none()]
const readable: Dispatcher.DispatchEvent = [true, false, Option.none()]

const nothing = () => () => Effect.void

const named = ({ afterSend, beforeSend }: Dispatcher.SendPhase) =>
  beforeSend ? "before" : afterSend ? "after" : "complete"

for (const [system, layer] of systems) {
  describe(`writeIterable (${system})`, () => {
    it.scopedLive(`AS-8 sends items one after the other, and forEach runs once after each (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const told: Array<string> = []
        const drive = Dispatcher.writeIterable(target, ["a", bytes("bc"), "", "ü"], (item, phase) =>
          Effect.sync(() => void told.push(`${named(phase)} ${typeof item === "string" ? item : text(item)}`))
        )
        assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.none())
        assert.deepStrictEqual(told, ["complete a", "complete bc", "complete ", "complete ü"])
        assert.strictEqual(text(yield* server.recvExact(5)), "abcü")
        assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-8 takes an item only once the one before has left (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const told: Array<string> = []
        const big = new Uint8Array(16 * 1024 * 1024)
        function* items() {
          told.push("take big")
          yield big
          told.push("take small")
          yield bytes("!")
        }
        const drive = Dispatcher.writeIterable(
          target,
          items(),
          (item) => Effect.sync(() => void told.push(`sent ${item.length}`)),
          done
        )
        assert.deepStrictEqual(told, [])
        assert.strictEqual(yield* drive(writable), done)
        assert.deepStrictEqual(told, ["take big"])
        const ended = yield* Effect.fork(
          Effect.gen(function* () {
            for (;;) {
              yield* client.waitForWrite
              const outcome = yield* Effect.either(drive(writable))
              if (outcome._tag === "Left") return outcome.left
            }
          })
        )
        const received = yield* server.recvExact(big.length + 1)
        assert.strictEqual(received[big.length], 33)
        assert.deepStrictEqual(yield* ended, Option.none())
        assert.deepStrictEqual(told, ["take big", `sent ${big.length}`, "take small", "sent 1"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-8 does nothing but ask for events of writing without one (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const drive = Dispatcher.writeIterable(target, ["x"], undefined, done)
        assert.strictEqual(yield* drive(readable), done)
        assert.deepStrictEqual(target.filter, [true, true, true])
        assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.none())
        assert.deepStrictEqual(target.filter, [true, false, true])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-8 an endless iterable lets others have their turn (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        let taken = 0
        function* endless() {
          for (;;) {
            taken += 1
            yield "x"
          }
        }
        const drive = Dispatcher.writeIterable(target, endless(), undefined, done)
        assert.strictEqual(yield* drive(writable), done)
        assert.isBelow(taken, 100)
      }).pipe(Effect.provide(layer))
    )

    for (const [how, limit] of [
      ["when one send takes everything", 100],
      ["when it takes several", 2]
    ] as const) {
      it.scopedLive(`AS-9 before, after the first send, complete: in this order, ${how} (${system})`, () =>
        Effect.gen(function* () {
          const [client, server] = yield* connected
          const told: Array<string> = []
          const send = (data: Uint8Array, flags?: number) =>
            Effect.tap(client.send(data.subarray(0, limit), flags), (count) => void told.push(`send ${count}`))
          const target = Dispatcher.makeTarget(nothing, { sock: changed(client, { send }) })
          const drive = Dispatcher.writeIterable(
            target,
            ["abc", "de"],
            (item, phase) => Effect.sync(() => void told.push(`${named(phase)} ${item}`)),
            done,
            true
          )
          assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.none())
          assert.strictEqual(text(yield* server.recvExact(5)), "abcde")
          const first = limit > 3 ? ["send 3", "after abc"] : ["send 2", "after abc", "send 1"]
          assert.deepStrictEqual(told, [
            ...["before abc", ...first, "complete abc"],
            ...["before de", "send 2", "after de", "complete de"]
          ])
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive(`AS-9 a first call that sent nothing is none (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: changed(client, { send: () => fault("EAGAIN") }) })
        const told: Array<string> = []
        const forEach = (_: string, phase: Dispatcher.SendPhase) => Effect.sync(() => void told.push(named(phase)))
        const drive = Dispatcher.writeIterable(target, ["abc"], forEach, done, true)
        assert.strictEqual(yield* drive(writable), done)
        assert.strictEqual(yield* drive(writable), done)
        assert.deepStrictEqual(told, ["before"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-12 forEach does nothing by default (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const write = Dispatcher.writeIterable(target, ["x"])
        assert.deepStrictEqual(yield* Effect.flip(write(writable)), Option.none())
        yield* server.waitForRead
        const other = Dispatcher.makeTarget(nothing, { sock: server })
        assert.strictEqual(yield* Dispatcher.dataReader(other)(readable), Dispatcher.readSentinel)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-8 an error ends it, and the iterable; what forEach fails with does, too (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: changed(client, { send: () => fault("EPIPE") }) })
        let returned = 0
        function* items() {
          try {
            yield "a"
            yield "b"
          } finally {
            returned += 1
          }
        }
        const drive = Dispatcher.writeIterable(target, items())
        assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.some(fault("EPIPE")))
        assert.deepStrictEqual(yield* Effect.flip(drive(writable)), Option.none())
        const other = Dispatcher.makeTarget(nothing, { sock: client })
        const failing = Dispatcher.writeIterable(other, items(), () => Effect.fail("enough"))
        assert.deepStrictEqual(yield* Effect.flip(failing(writable)), Option.some("enough"))
        const told = Dispatcher.writeIterable(other, items())
        const error = Option.some(fault("ECONNRESET"))
        assert.deepStrictEqual(yield* Effect.flip(told([true, true, error])), error)
        assert.strictEqual(returned, 2)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-8 a dispatcher that closes the target ends the iterable, also within forEach (${system})`, () =>
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make<string>()
        const told: Array<string> = []
        function* items(name: string) {
          try {
            for (;;) yield name
          } finally {
            told.push(`${name} returned`)
          }
        }
        // Each connection is closed in another way: by who holds it, by a driver after this one, and by its own `forEach`.
        const [held] = yield* connected
        const holds = Dispatcher.makeTarget((self) => Dispatcher.drive(Dispatcher.writeIterable(self, items("held"))), {
          sock: held,
          filter: [false, true, true],
          socketClosed: Effect.sync(() => void told.push("held closed"))
        })
        const [failing] = yield* connected
        const fails = Dispatcher.makeTarget(
          (self) =>
            Dispatcher.drive(Dispatcher.writeIterable(self, items("failing")), () => Effect.fail(Option.some("no"))),
          { sock: failing, filter: [false, true, true] }
        )
        const [own] = yield* connected
        const closes = Dispatcher.makeTarget(
          (self) => Dispatcher.drive(Dispatcher.writeIterable(self, items("own"), () => dispatcher.socketClosed(self))),
          { sock: own, filter: [false, true, true] }
        )
        const failures: Array<unknown> = []
        const onError = ({ cause }: Dispatcher.Survived<string>) => Effect.sync(() => void failures.push(cause))
        for (const target of [holds, fails, closes]) {
          yield* dispatcher.add(target)
          yield* dispatcher.iterate({ count: 1, onError })
          yield* dispatcher.socketClosed(target)
        }
        assert.deepStrictEqual(told, ["held returned", "held closed", "failing returned", "own returned"])
        assert.deepStrictEqual(failures, [Cause.fail("no")])
      }).pipe(Effect.provide(layer))
    )

    it.live(`AS-8 without a socket it ends with SocketClosed (${system})`, () =>
      Effect.gen(function* () {
        const drive = Dispatcher.writeIterable(Dispatcher.makeTarget(nothing), ["x"])
        const error = yield* Effect.flip(drive(writable))
        assert.strictEqual(Option.getOrUndefined(error)?._tag, "SocketClosed")
      })
    )
  })

  describe(`dataReader (${system})`, () => {
    it.scopedLive(`AS-11 gives each read that is not empty to forEach (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const read: Array<string> = []
        const drive = Dispatcher.dataReader(target, (data) => Effect.sync(() => void read.push(text(data))), done)
        assert.strictEqual(yield* drive(readable), done)
        yield* server.send(bytes("one"))
        yield* client.waitForRead
        assert.strictEqual(yield* drive(writable), done)
        assert.deepStrictEqual(read, [])
        assert.strictEqual(yield* drive(readable), done)
        assert.deepStrictEqual(read, ["one"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-11 a read of zero bytes closes at once (${system})`, () =>
      Effect.gen(function* () {
        const [client, server] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: client })
        const read: Array<string> = []
        const drive = Dispatcher.dataReader(target, (data) => Effect.sync(() => void read.push(text(data))))
        yield* server.close
        yield* client.waitForRead
        assert.deepStrictEqual(yield* Effect.flip(drive(readable)), Option.none())
        assert.strictEqual(target.dispatchState, "closed")
        assert.strictEqual((yield* Effect.flip(client.recv(1)))._tag, "SocketClosed")
        assert.deepStrictEqual(read, [])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-11 an error ends it; what forEach fails with does, too (${system})`, () =>
      Effect.gen(function* () {
        const [client] = yield* connected
        const target = Dispatcher.makeTarget(nothing, { sock: changed(client, { recv: () => fault("ECONNRESET") }) })
        const drive = Dispatcher.dataReader(target)
        assert.deepStrictEqual(yield* Effect.flip(drive(readable)), Option.some(fault("ECONNRESET")))
        assert.deepStrictEqual(yield* Effect.flip(drive(readable)), Option.none())
        const full = Dispatcher.makeTarget(nothing, {
          sock: changed(client, { recv: () => Effect.succeed(bytes("x")) })
        })
        const failing = Dispatcher.dataReader(full, () => Effect.fail("enough"))
        assert.deepStrictEqual(yield* Effect.flip(failing(readable)), Option.some("enough"))
        assert.deepStrictEqual(yield* Effect.flip(failing(readable)), Option.none())
      }).pipe(Effect.provide(layer))
    )
  })
}

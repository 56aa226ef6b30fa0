import { Dispatcher } from "@ductworks/sockets"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Logger, LogLevel, Option } from "effect"
import { bytes, connected, fill, noting, systems } from "./support/dispatching.js"

const none = Option.none()

const drain = (self: Dispatcher.AnyTarget) => Effect.ignore(self.sock?.recv(8192) ?? Effect.void)

for (const [system, layer] of systems) {
  describe(`dispatcher (${system})`, () => {
    it.scopedLive(`AS-1 AS-15 tells who can be read, and nobody else (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const [two] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const reading = noting({ sock: one }, drain)
        const idle = noting({ sock: two }, drain)
        yield* dispatcher.add(reading.target)
        yield* dispatcher.add(idle.target)
        yield* other.send(bytes("x"))
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        yield* other.send(bytes("y"))
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        assert.deepStrictEqual(reading.events, [
          [true, false, none],
          [true, false, none]
        ])
        assert.deepStrictEqual(idle.events, [])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 events go through the filter of their target (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        yield* other.send(bytes("x"))
        yield* one.waitForRead
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one })
        yield* dispatcher.add(target)
        const told = (filter: Dispatcher.Filter) =>
          Effect.gen(function* () {
            target.filter = filter
            events.length = 0
            yield* dispatcher.iterate({ count: 200, timeout: 0 })
            return [events.some(([readable]) => readable), events.some(([, writable]) => writable)]
          })
        assert.deepStrictEqual(yield* told([true, true, true]), [true, true])
        assert.deepStrictEqual(yield* told([true, false, true]), [true, false])
        assert.deepStrictEqual(yield* told([false, true, true]), [false, true])
        assert.deepStrictEqual(yield* told([false, false, true]), [false, false])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 what is not asked for stays in the system: back-pressure (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one, filter: [false, false, true] })
        yield* dispatcher.add(target)
        const taken = yield* fill(other)
        assert.isBelow(taken, 64 * 1024 * 1024)
        assert.strictEqual(yield* dispatcher.iterate({ count: 1, timeout: 0 }), 0)
        assert.deepStrictEqual(events, [])
        const received = yield* one.recvExact(taken)
        assert.strictEqual(received.length, taken)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 a time-out of 0 asks what is ready now (${system})`, () =>
      Effect.gen(function* () {
        const [one] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one, filter: [false, true, true] })
        yield* dispatcher.add(target)
        assert.strictEqual(yield* dispatcher.iterate({ count: 1, timeout: 0 }), 1)
        assert.deepStrictEqual(events, [[false, true, none]])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 a changed filter counts once the dispatcher is woken (${system})`, () =>
      Effect.gen(function* () {
        const [one] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one })
        yield* dispatcher.add(target)
        const fiber = yield* Effect.fork(dispatcher.iterate({ count: 1 }))
        yield* Effect.yieldNow()
        target.filter = [false, true, true]
        yield* dispatcher.wake
        assert.strictEqual(yield* Fiber.join(fiber), 1)
        assert.deepStrictEqual(events, [[false, true, none]])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 turns: count, timeout, before and after (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const log: Array<string> = []
        const { target } = noting({ sock: one }, (self) =>
          Effect.zipRight(
            Effect.sync(() => void log.push("event")),
            drain(self)
          )
        )
        const note = (word: string) => Effect.sync(() => void log.push(word))
        const turns = (count: number) =>
          dispatcher.iterate({ count, timeout: 0, before: note("before"), after: note("after") })
        assert.strictEqual(yield* turns(5), 0)
        assert.deepStrictEqual(log, [])
        yield* dispatcher.add(target)
        assert.strictEqual(yield* turns(0), 0)
        assert.strictEqual(yield* turns(NaN), 0)
        assert.strictEqual(yield* turns(-1), 0)
        assert.deepStrictEqual(log, [])
        yield* other.send(bytes("x"))
        yield* one.waitForRead
        assert.strictEqual(yield* turns(2), 1)
        assert.deepStrictEqual(log, ["before", "event", "after", "before", "after"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 it iterates until there are no targets (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const read: Array<Uint8Array> = []
        const target = Dispatcher.makeTarget(
          (self) => Dispatcher.drive(Dispatcher.dataReader(self, (data) => Effect.sync(() => void read.push(data)))),
          { sock: one }
        )
        yield* dispatcher.add(target)
        yield* other.send(bytes("last words"))
        yield* other.close
        yield* dispatcher.iterate()
        assert.deepStrictEqual(Buffer.concat(read).toString(), "last words")
        assert.deepStrictEqual([dispatcher.size, target.dispatchState], [0, "closed"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 socketClosed closes, forgets and tells the target, once (${system})`, () =>
      Effect.gen(function* () {
        const [one] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        let closed = 0
        const { target } = noting({ sock: one, socketClosed: Effect.sync(() => void (closed += 1)) })
        yield* dispatcher.add(target)
        const fiber = yield* Effect.fork(dispatcher.iterate())
        yield* Effect.yieldNow()
        yield* dispatcher.socketClosed(target)
        yield* dispatcher.socketClosed(target)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual([closed, dispatcher.size, target.dispatchState], [1, 0, "closed"])
        assert.strictEqual((yield* Effect.flip(one.recv(1)))._tag, "SocketClosed")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 a socket that somebody else closes is told as closed (${system})`, () =>
      Effect.gen(function* () {
        const [one] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        let closed = 0
        const { events, target } = noting({ sock: one, socketClosed: Effect.sync(() => void (closed += 1)) })
        yield* dispatcher.add(target)
        const fiber = yield* Effect.fork(dispatcher.iterate())
        yield* Effect.yieldNow()
        yield* one.close
        yield* Fiber.join(fiber)
        assert.deepStrictEqual([closed, events, target.dispatchState], [1, [], "closed"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 the end of a stream is told once, also to who ignores it (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one })
        yield* dispatcher.add(target)
        yield* other.close
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        assert.strictEqual(yield* dispatcher.iterate({ count: 3, timeout: 0 }), 0)
        assert.deepStrictEqual(events, [[true, false, none]])
      }).pipe(Effect.provide(layer))
    )

    for (const [what, effect] of [
      ["fails", Effect.fail("broken")],
      ["dies", Effect.die("broken")],
      ["interrupts itself", Effect.interrupt]
    ] as const) {
      it.scopedLive(`AS-15 a target that ${what} goes to onError and is closed; the others go on (${system})`, () =>
        Effect.gen(function* () {
          const [one, other] = yield* connected
          const [two, another] = yield* connected
          const dispatcher = yield* Dispatcher.make<string>()
          const bad = Dispatcher.makeTarget(() => () => effect, { sock: one })
          const good = noting({ sock: two }, drain)
          yield* dispatcher.add(bad)
          yield* dispatcher.add(good.target)
          yield* other.send(bytes("x"))
          yield* one.waitForRead
          const survived: Array<Dispatcher.Survived<string>> = []
          const onError = (error: Dispatcher.Survived<string>) => Effect.sync(() => void survived.push(error))
          yield* dispatcher.iterate({ count: 1, onError })
          yield* another.send(bytes("y"))
          yield* dispatcher.iterate({ count: 1, onError })
          assert.strictEqual(survived.length, 1)
          assert.deepStrictEqual(
            survived.map(({ target }) => Option.getOrUndefined(target) === bad),
            [true]
          )
          assert.deepStrictEqual([bad.dispatchState, dispatcher.size, good.events.length], ["closed", 1, 1])
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive(`AS-15 hooks that fail are survived, onError too (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make<string>()
        const { events, target } = noting({ sock: one }, drain)
        yield* dispatcher.add(target)
        yield* other.send(bytes("x"))
        const causes: Array<string> = []
        const delivered = yield* dispatcher.iterate({
          count: 1,
          before: Effect.fail("before"),
          after: Effect.die("after"),
          onError: ({ cause, target }) => {
            assert.isTrue(Option.isNone(target))
            causes.push(String(Cause.squash(cause)))
            return Effect.die("onError")
          }
        })
        assert.strictEqual(delivered, 1)
        assert.deepStrictEqual(causes, ["before", "after"])
        assert.strictEqual(events.length, 1)
      }).pipe(Effect.provide(layer), Effect.provide(Logger.minimumLogLevel(LogLevel.None)))
    )

    it.scopedLive(`AS-15 an interrupted iterate leaves nothing registered, and loses no event (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one })
        yield* dispatcher.add(target)
        const fiber = yield* Effect.fork(dispatcher.iterate())
        yield* Effect.yieldNow()
        const exit = yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.isInterrupted(exit))
        const waiting = yield* Effect.fork(one.recv(1))
        yield* Effect.yieldNow()
        yield* other.send(bytes("xy"))
        assert.deepStrictEqual(yield* Fiber.join(waiting), bytes("x"))
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        assert.deepStrictEqual(events, [[true, false, none]])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 an interrupted event ends the iteration, and is there again (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const first = yield* Deferred.make<void>()
        const { events, target } = noting({ sock: one }, (self) =>
          Effect.flatMap(Deferred.succeed(first, undefined), (isFirst) => (isFirst ? Effect.never : drain(self)))
        )
        yield* dispatcher.add(target)
        yield* other.close
        const fiber = yield* Effect.fork(dispatcher.iterate())
        yield* Deferred.await(first)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* dispatcher.iterate({ count: 1 }), 1)
        assert.strictEqual(events.length, 2)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 one iterate at a time (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        let error: unknown
        const { target } = noting({ sock: one }, (self) =>
          Effect.zipRight(
            Effect.either(dispatcher.iterate()).pipe(Effect.map((either) => void (error = either))),
            drain(self)
          )
        )
        yield* dispatcher.add(target)
        yield* other.send(bytes("x"))
        yield* dispatcher.iterate({ count: 1 })
        assert.propertyVal(error, "_tag", "Left")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 a target leaves with its scope, and its socket stays open (${system})`, () =>
      Effect.gen(function* () {
        const [one, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one })
        const fiber = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* dispatcher.add(target)
            yield* dispatcher.add(target)
            assert.strictEqual(dispatcher.size, 1)
            const fiber = yield* Effect.forkDaemon(dispatcher.iterate())
            yield* Effect.yieldNow()
            return fiber
          })
        )
        yield* Fiber.join(fiber)
        assert.deepStrictEqual([dispatcher.size, target.dispatchState], [0, "connected"])
        yield* other.send(bytes("x"))
        assert.deepStrictEqual(yield* one.recv(1), bytes("x"))
        assert.deepStrictEqual(events, [])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(`AS-15 a target may get another socket (${system})`, () =>
      Effect.gen(function* () {
        const [one] = yield* connected
        const [two, other] = yield* connected
        const dispatcher = yield* Dispatcher.make()
        const { events, target } = noting({ sock: one }, drain)
        yield* dispatcher.add(target)
        yield* dispatcher.iterate({ count: 1, timeout: 0 })
        target.sock = two
        yield* other.send(bytes("x"))
        yield* dispatcher.iterate({ count: 1 })
        assert.strictEqual(events.length, 1)
      }).pipe(Effect.provide(layer))
    )
  })
}

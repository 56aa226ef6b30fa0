import { PeerSocket, PeerTransport } from "@ductworks/peers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger, TestClock } from "effect"
import { Chat, say } from "./support/chat.js"
import { logs } from "./support/logs.js"
import { Scripted, settle, until } from "./support/scripted.js"

describe("handlers", () => {
  it.scoped("ST-7 are appended, an exclusive one drops the earlier ones, and each can be taken away", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const ran: Array<string> = []
      const note = (name: string) => () => Effect.sync(() => ran.push(name))
      const socket = yield* PeerSocket.makeWith(transport, Chat, { handlers: { say: note("first") } })
      const peer = transport.join("a")
      const shout = Effect.suspend(() => {
        ran.length = 0
        transport.push(peer, say("x"))
        return Effect.as(settle, ran)
      })
      const { remove } = yield* socket.handle("say", note("second"))
      assert.deepStrictEqual(yield* shout, ["first", "second"])
      yield* remove
      yield* remove
      assert.deepStrictEqual(yield* shout, ["first"])
      const { remove: removeOnly } = yield* socket.handle("say", note("only"), { exclusive: true })
      yield* socket.handle("say", note("after"))
      assert.deepStrictEqual(yield* shout, ["only", "after"])
      yield* removeOnly
      assert.deepStrictEqual(yield* shout, ["after"])
    })
  )

  it.scoped("ST-8 get the peer, the data and the type; all of a type run concurrently", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const seen: Array<unknown> = []
      const first = yield* Deferred.make<void>()
      const second = yield* Deferred.make<void>()
      // Each waits for the other to have begun.
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        handlers: {
          say: [
            (peer, data, type) =>
              Effect.gen(function* () {
                yield* Deferred.succeed(first, undefined)
                yield* Deferred.await(second)
                seen.push([peer.id, data, type])
              }),
            () => Effect.zipRight(Deferred.await(first), Deferred.succeed(second, undefined))
          ]
        }
      })
      transport.push(transport.join("a"), say("x"))
      yield* settle
      assert.deepStrictEqual(seen, [["a", { text: "x" }, "say"]])
      assert.strictEqual((yield* socket.stats).runningHandlers, 0)
    })
  )

  it.scoped(
    "ST-26 a handler that fails, dies or throws is logged with the type and the peer; nothing else stops",
    () => {
      const { capture, lines } = logs()
      return Effect.gen(function* () {
        const transport = new Scripted()
        let handled = 0
        const socket = yield* PeerSocket.makeWith(transport, Chat, {
          handlers: {
            say: [
              (_, { text }) => {
                if (text === "throw") throw new Error("thrown")
                return text === "fail" ? Effect.fail("failed") : text === "die" ? Effect.die("died") : Effect.void
              },
              () => Effect.sync(() => handled++)
            ]
          }
        })
        const peer = transport.join("a")
        for (const text of ["throw", "fail", "die", "fine"]) transport.push(peer, say(text))
        yield* settle
        assert.strictEqual(handled, 4)
        const errors = lines.filter(({ level }) => level === "ERROR")
        assert.strictEqual(errors.length, 3)
        for (const { about } of errors) assert.deepStrictEqual(about, { type: "say", peer: "a" })
        assert.strictEqual((yield* socket.stats).handlerFailures, 3)
      }).pipe(capture)
    }
  )

  it.scoped("ST-26 a handler that never ends holds up its own peer alone, until handlerTimeout", () => {
    const { capture, lines } = logs()
    return Effect.gen(function* () {
      const transport = new Scripted()
      const heard: Array<string> = []
      yield* PeerSocket.makeWith(transport, Chat, {
        handlerTimeout: "3 seconds",
        handlers: {
          say: (peer, { text }) =>
            text === "never" ? Effect.never : Effect.sync(() => heard.push(`${peer.id} ${text}`))
        }
      })
      const stuck = transport.join("stuck")
      const other = transport.join("other")
      transport.push(stuck, say("never"))
      transport.push(stuck, say("after"))
      transport.push(other, say("meanwhile"))
      yield* settle
      assert.deepStrictEqual(heard, ["other meanwhile"])
      yield* TestClock.adjust("3 seconds")
      yield* settle
      assert.deepStrictEqual(heard, ["other meanwhile", "stuck after"])
      assert.isTrue(lines.some(({ message }) => message.includes("handlerTimeout")))
    }).pipe(capture)
  })
})

describe("order and concurrency", () => {
  const gated = (options: { concurrency?: number; maxHandlers?: number; sequential?: boolean }) =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const gates = new Map<string, Deferred.Deferred<void>>()
      const begun: Array<string> = []
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        ...options,
        handlers: {
          say: (peer, { text }) =>
            Effect.gen(function* () {
              const gate = yield* Deferred.make<void>()
              begun.push(`${peer.id}${text}`)
              gates.set(`${peer.id}${text}`, gate)
              yield* Deferred.await(gate)
            })
        }
      })
      const peers = ["a", "b"].map((id) => transport.join(id))
      for (const text of ["1", "2", "3"]) for (const peer of peers) transport.push(peer, say(text))
      yield* settle
      const open = (name: string) =>
        Effect.suspend(() => {
          const gate = gates.get(name)
          return gate === undefined ? Effect.die(name) : Effect.zipRight(Deferred.succeed(gate, undefined), settle)
        })
      return { begun, open, socket }
    })

  it.scoped("ST-5 messages of a peer are handled in order, those of several at once", () =>
    Effect.gen(function* () {
      const { begun, open } = yield* gated({})
      assert.deepStrictEqual(begun, ["a1", "b1"])
      yield* open("b1")
      assert.deepStrictEqual(begun, ["a1", "b1", "b2"])
      yield* open("a1")
      assert.deepStrictEqual(begun, ["a1", "b1", "b2", "a2"])
    })
  )

  it.scoped("ST-5 concurrency lets messages of one peer overlap", () =>
    Effect.gen(function* () {
      const two = yield* gated({ concurrency: 2 })
      assert.deepStrictEqual(two.begun, ["a1", "a2", "b1", "b2"])
      yield* two.open("a2")
      assert.deepStrictEqual(two.begun.at(-1), "a3")
      const all = yield* gated({ concurrency: Infinity })
      assert.strictEqual(all.begun.length, 6)
    })
  )

  it.scoped("ST-3 no more handlers run than the pool has places; who waits longest is next", () =>
    Effect.gen(function* () {
      const { begun, open, socket } = yield* gated({ maxHandlers: 1 })
      assert.deepStrictEqual(begun, ["a1"])
      yield* open("a1")
      assert.deepStrictEqual(begun, ["a1", "b1"])
      yield* open("b1")
      assert.deepStrictEqual(begun, ["a1", "b1", "a2"])
      assert.strictEqual((yield* socket.stats).runningHandlers, 1)
    })
  )

  it.scoped("ST-3 the pool has 1000 places by default", () =>
    Effect.gen(function* () {
      const transport = new Scripted("datagram")
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        concurrency: Infinity,
        inQueueBytes: 1e9,
        handlers: { say: () => Effect.never }
      })
      const peer = PeerTransport.Peer("a")
      yield* socket.accept(peer)
      for (let i = 0; i < 1200; i++) {
        transport.push(peer, say("x"))
        if (i % 50 === 0) yield* settle
      }
      yield* settle
      assert.strictEqual((yield* socket.stats).runningHandlers, 1000)
    })
  )

  it.scoped("ST-27 sequential mode handles one message of the whole socket at a time, in the order of arrival", () =>
    Effect.gen(function* () {
      const { begun, open } = yield* gated({ sequential: true })
      for (const name of ["a1", "a2", "a3", "b1", "b2"]) {
        assert.strictEqual(begun.at(-1), name)
        yield* open(name)
      }
      assert.deepStrictEqual(begun, ["a1", "a2", "a3", "b1", "b2", "b3"])
    })
  )

  it.scoped("ST-27 sequential mode pushes back on the transport when its queue is full", () =>
    Effect.gen(function* () {
      const transport = new Scripted("datagram")
      const gate = yield* Deferred.make<void>()
      let handled = 0
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        sequential: true,
        parseQueue: 10,
        inQueue: 10,
        handlers: {
          say: () =>
            Effect.zipRight(
              Deferred.await(gate),
              Effect.sync(() => handled++)
            )
        }
      })
      for (let i = 0; i < 300; i++) transport.push(PeerTransport.Peer("a"), say("x"))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* until(() => handled === 300)
      assert.strictEqual((yield* socket.stats).droppedReceived, 0)
    })
  )
})

describe("logging", () => {
  const misbehave = Effect.gen(function* () {
    const transport = new Scripted()
    yield* PeerSocket.makeWith(transport, Chat, { handlers: { say: () => Effect.fail("failed") } })
    const peer = transport.join("a")
    transport.push(peer, "nonsense")
    transport.push(peer, say("x"))
    yield* settle
  }).pipe(Effect.scoped)

  it.scoped("ST-31 errors and debug lines go through Effect's Logger, and are silent below the level", () =>
    Effect.gen(function* () {
      const all = logs()
      yield* all.capture(misbehave)
      assert.deepStrictEqual(
        all.lines.map(({ level }) => level),
        ["DEBUG", "DEBUG", "ERROR"]
      )
    })
  )

  it.scoped("ST-32 the Logger is replaced by a Layer", () =>
    Effect.gen(function* () {
      let lines = 0
      const counting = Logger.replace(
        Logger.defaultLogger,
        Logger.make(() => void lines++)
      )
      yield* Effect.provide(misbehave, Layer.merge(counting, Layer.empty))
      // The default level is above debug.
      assert.strictEqual(lines, 1)
    })
  )
})
